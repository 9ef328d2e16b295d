#!/usr/bin/env bash
# Makes the vectors of this folder anew with the openssl command line (README.md). Not run by the tests.
set -euo pipefail
cd "$(dirname "$0")"
mkdir -p keys requests refused certificates

# Keys, each in the three forms that exist, and the public half that openssl sees in it.
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out keys/rsa-2048.pkcs8.pem
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:3072 -out keys/rsa-3072.pkcs8.pem
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:4096 -out keys/rsa-4096.pkcs8.pem
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out keys/ec-p256.pkcs8.pem
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out keys/ec-p384.pkcs8.pem
for id in rsa-2048 rsa-3072 rsa-4096 ec-p256 ec-p384; do
  case $id in rsa-*) form=pkcs1 ;; *) form=sec1 ;; esac
  openssl pkey -in keys/$id.pkcs8.pem -traditional -out keys/$id.$form.pem
  openssl pkey -in keys/$id.pkcs8.pem -pubout -outform DER | base64 -w0 >keys/$id.spki.base64
  openssl req -new -key keys/$id.pkcs8.pem -subj "/C=FR/O=Example/CN=reader" -out requests/$id.csr
done
# As `openssl ecparam -genkey` leaves it: the parameters in a block of their own first.
{ openssl ecparam -name prime256v1 && cat keys/ec-p256.sec1.pem; } >keys/ec-p256.with-parameters.pem
openssl pkey -in keys/rsa-2048.pkcs8.pem -aes256 -passout pass:test -out keys/rsa-2048.encrypted.pem

# Requests that are unusual and good.
openssl req -new -key keys/ec-p256.pkcs8.pem -subj "/" -newhdr -out requests/no-subject-new-header.csr
openssl req -new -key keys/rsa-2048.pkcs8.pem -subj "/CN=vcenter" -sha512 -text \
  -addext "subjectAltName=DNS:vcenter.example.org" -out requests/text-and-extensions.csr
openssl req -new -utf8 -key keys/ec-p384.pkcs8.pem -subj "/CN=Zoë Müller" -out requests/utf8.csr
openssl req -new -key keys/rsa-2048.pkcs8.pem -subj "/CN=old tool" -sha1 -out requests/sha1.csr

# Requests to be refused.
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
refused() { openssl req -new -key "$scratch/key.pem" -subj "/CN=reader" -out "refused/$1.csr" "${@:2}"; }
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out "$scratch/key.pem" && refused rsa-1024
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2560 -out "$scratch/key.pem" && refused rsa-2560
openssl genpkey -algorithm ED25519 -out "$scratch/key.pem" && refused ed25519
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-521 -out "$scratch/key.pem" && refused ec-p521
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:secp256k1 -out "$scratch/key.pem" && refused ec-secp256k1
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -pkeyopt ec_param_enc:explicit -out "$scratch/key.pem" && refused ec-explicit-parameters
openssl genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048 -out "$scratch/key.pem" && refused rsa-pss-key
cp keys/rsa-2048.pkcs8.pem "$scratch/key.pem"
refused rsa-md5 -md5
refused rsa-pss-signature -sigopt rsa_padding_mode:pss

# Certificates: self-signed, with serial numbers of several lengths, and what openssl says of them.
certificate() {
  openssl req -x509 -new -days 3650 -out "certificates/$1.pem" "${@:2}"
}
certificate rsa-2048 -key keys/rsa-2048.pkcs8.pem -subj "/C=FR/O=Example/CN=kmip.example.org" -set_serial 0x7f8b5e0d75b840a39b0e71ffe5ff03cb
certificate ec-p256-high-serial -key keys/ec-p256.pkcs8.pem -subj "/CN=high" -set_serial 0xf18b5e0d75b840a39b0e71ffe5ff03cb
certificate ec-p256-short-serial -key keys/ec-p256.pkcs8.pem -subj "/CN=short" -set_serial 0x00005e0d75b840a39b0e71ffe5ff03cb
certificate ec-p384-long-serial -key keys/ec-p384.pkcs8.pem -subj "/CN=long" -set_serial 0x0a8b5e0d75b840a39b0e71ffe5ff03cb01020304
certificate ec-p256-negative-serial -key keys/ec-p256.pkcs8.pem -subj "/CN=negative" -set_serial -0x0e74a1f28a47bf5c64f18e001a00fc35
certificate ec-p256-client -key keys/ec-p256.pkcs8.pem -subj "/CN=e90c5841-f39e-4983-8596-62ff0c538b6b" \
  -set_serial 0xf18b5e0d75b840a39b0e71ffe5ff03cb -addext "extendedKeyUsage=clientAuth" \
  -addext "subjectAltName=critical,otherName:1.3.6.1.4.1.311.20.2.3;UTF8:okms.domain:e90c5841-f39e-4983-8596-62ff0c538b6b"
for file in certificates/*.pem; do
  openssl x509 -in "$file" -noout -serial -subject -nameopt RFC2253,sep_comma_plus_space,-dn_rev -dates -dateopt iso_8601 >"${file%.pem}.txt"
  openssl x509 -in "$file" -noout -fingerprint -sha1 >>"${file%.pem}.txt"
  openssl x509 -in "$file" -noout -fingerprint -sha256 >>"${file%.pem}.txt"
done

# The MAC of a PKCS#12 file: RFC 7292 appendix B, key by `openssl kdf`, MAC by `openssl dgst`.
mac() { # name, passphrase as BMPString with its end, salt, iterations
  local key
  key=$(openssl kdf -keylen 32 -kdfopt digest:SHA256 -kdfopt hexpass:"$2" -kdfopt hexsalt:"$3" -kdfopt iter:"$4" -kdfopt id:3 PKCS12KDF | tr -d :)
  printf '%s\t%s\t%s\t%s\n' "$1" "$3" "$4" "$(printf content | openssl dgst -sha256 -mac HMAC -macopt hexkey:"$key" -r | cut -d' ' -f1)"
}
{
  mac sesame 0073006500730061006d00650000 0a58cf64530d823f 1
  mac sesame 0073006500730061006d00650000 263216fcc2fab31c0a58cf64530d823f 2048
  mac 2anpn-gcpb4-e61ks-b5ts2-4zme5 00320061006e0070006e002d00670063007000620034002d006500360031006b0073002d00620035007400730032002d0034007a006d006500350000 00 300
} >pkcs12-mac.tsv
