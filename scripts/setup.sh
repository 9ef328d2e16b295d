#!/usr/bin/env bash
# Makes a fresh clone ready: packages, a redis-server, the compiled dist/. Called before the demo and the tests; quick and
# silent when there is nothing to do. Speaks on standard error and reads nothing, because standard input and output belong to
# the program that is called afterwards. Runs on bash 3.2 (macOS) too.
set -euo pipefail
exec </dev/null >&2
CDPATH='' cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."

say() { printf 'set-up: %s\n' "$*"; }
fail() {
  say "$*"
  exit 1
}

# is_at_least 6 2 7.0.15: whether the version is major 6, minor 2 or newer.
is_at_least() {
  local major minor
  major=${3%%.*}
  minor=${3#*.}
  minor=${minor%%.*}
  [ "$major" -gt "$1" ] || { [ "$major" -eq "$1" ] && [ "$minor" -ge "$2" ]; }
}

# -- Node ------------------------------------------------------------------------------------------------------------------

check_node() {
  local version
  command -v node >/dev/null && command -v npm >/dev/null ||
    fail 'Node 20.19 or newer with npm is needed: install it from https://nodejs.org or with your version manager, then try again.'
  version=$(node --version)
  is_at_least 20 19 "${version#v}" ||
    fail "Node 20.19 or newer is needed and this is $version: install a newer one from https://nodejs.org or with your version manager, then try again."
}

# -- Packages --------------------------------------------------------------------------------------------------------------

# npm writes node_modules/.package-lock.json last. tsc is looked for because somebody may have installed without dev dependencies.
packages_are_missing() {
  [ package-lock.json -nt node_modules/.package-lock.json ] || [ ! -x node_modules/.bin/tsc ]
}

# The options win over NODE_ENV=production, over omit=dev, and over what an outer `npm run --silent` left in the environment.
install_packages() {
  say 'installing packages (npm ci)'
  NODE_ENV=development npm ci --include=dev --no-audit --no-fund --no-progress --loglevel=error ||
    fail 'npm ci did not succeed; its reasons stand above. Mend them, or the network, and try again.'
}

# -- Redis -----------------------------------------------------------------------------------------------------------------

REDIS_CHOICES='install it yourself (Debian, Ubuntu: apt-get install redis-server; macOS: brew install redis; Fedora: dnf install redis; others: https://redis.io/docs/latest/operate/oss_and_stack/install/) or set REDIS_URL to one that runs.'

redis_is_missing() {
  [ -z "${REDIS_URL:-}${REDIS_URL_FILE:-}" ] && ! command -v redis-server >/dev/null
}

# One that is there and too old is left alone: it may be serving somebody.
check_redis() {
  local version
  [ -z "${REDIS_URL:-}${REDIS_URL_FILE:-}" ] || return 0
  command -v redis-server >/dev/null || fail "A redis-server, 6.2 or newer, is needed and is not on the PATH: $REDIS_CHOICES"
  version=$(redis-server --version | sed -n 's/.*v=\([0-9][0-9]*\.[0-9][0-9]*\).*/\1/p')
  [ -n "$version" ] && is_at_least 6 2 "$version" ||
    fail "The redis-server on the PATH is ${version:-of an unknown version} and 6.2 or newer is needed: $REDIS_CHOICES"
}

install_redis() {
  local as_root=''
  if command -v apt-get >/dev/null; then
    if [ "$(id -u)" -ne 0 ]; then
      command -v sudo >/dev/null && sudo -n true 2>/dev/null ||
        fail "A redis-server is needed, and installing one with apt needs root (or sudo without a password): $REDIS_CHOICES"
      as_root='sudo -n'
    fi
    say 'installing redis-server with apt; its system service stays off, the demo and the tests start one of their own'
    $as_root sh -c "$APT_INSTALL" 9<&- || fail "apt did not install redis-server; its reasons stand above: $REDIS_CHOICES"
  elif command -v brew >/dev/null; then
    say 'installing redis with Homebrew'
    NONINTERACTIVE=1 HOMEBREW_NO_ENV_HINTS=1 HOMEBREW_NO_INSTALL_CLEANUP=1 brew install redis 9<&- ||
      fail "Homebrew did not install redis; its reasons stand above: $REDIS_CHOICES"
  fi
  hash -r
}

# The package starts a service when it is installed. policy-rc.d (invoke-rc.d(8)) is how Debian lets one say no; ours says it
# to redis alone, so that nothing is lost should it be left behind. Where another stands there, the service is ended afterwards.
APT_INSTALL='
set -e
export DEBIAN_FRONTEND=noninteractive
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap "rm -f $policy" EXIT
  trap "exit 1" HUP INT TERM
  printf "%s\n" "#!/bin/sh" "# Left by the set-up of okms-bot; may be removed." "case \$1 in redis*) exit 101 ;; esac" "exit 0" >"$policy"
  chmod 755 "$policy"
fi
apt-get -q -o DPkg::Lock::Timeout=300 update || echo "apt-get update did not succeed; trying with the lists that are there"
apt-get -q -o DPkg::Lock::Timeout=300 install -y --no-install-recommends redis-server
if [ -d /run/systemd/system ]; then
  systemctl disable --now redis-server >/dev/null 2>&1 || true
elif [ -x /etc/init.d/redis-server ]; then
  /etc/init.d/redis-server stop >/dev/null 2>&1 || true
fi
'

# -- dist/ -----------------------------------------------------------------------------------------------------------------

# Folders count as well as files: theirs is the date that changes when a file is removed.
dist_is_old() {
  [ ! -f dist/.built ] ||
    [ -n "$(find src commands jobs bench package.json tsconfig.json tsconfig.build.json -newer dist/.built 2>/dev/null | head -n 1)" ]
}

# Compiled beside and then swapped, so that a program that runs from dist/ keeps whole files, and none stays whose source is gone.
# The mark is older than what is compiled: a file changed meanwhile makes dist/ old again.
compile() {
  say 'compiling dist/'
  rm -rf dist.new dist.old
  mkdir dist.new
  printf '*\n' >dist.new/.gitignore
  : >dist.new/.built
  if ! node_modules/.bin/tsc -p tsconfig.build.json --outDir dist.new; then
    rm -rf dist.new
    fail 'The sources do not compile; tsc says above where.'
  fi
  if [ -e dist ]; then mv dist dist.old; fi
  mv dist.new dist
  rm -rf dist.old
}

# -- One at a time ---------------------------------------------------------------------------------------------------------

# A lock on this very file; the kernel lets go of it when we are gone. macOS has no flock(1), but a perl that can.
lock() {
  exec 9<scripts/setup.sh
  take_lock wait=no 2>/dev/null && return
  say 'another set-up is running here; waiting for it'
  take_lock wait=yes
}

take_lock() {
  if command -v flock >/dev/null; then
    if [ "$1" = wait=yes ]; then flock 9; else flock -n 9; fi
  elif command -v perl >/dev/null; then
    # shellcheck disable=SC2016
    perl -e 'use Fcntl ":flock"; open(my $file, "<&=", 9) or exit 1; exit !flock($file, LOCK_EX | ($ARGV[0] eq "wait=yes" ? 0 : LOCK_NB))' "$1"
  fi
}

check_node
if packages_are_missing || redis_is_missing || dist_is_old; then
  lock
  if packages_are_missing; then install_packages; fi
  if redis_is_missing; then install_redis; fi
  check_redis
  if dist_is_old; then compile; fi
else
  check_redis
fi
