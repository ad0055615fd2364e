#!/bin/sh
# Makes the certificates of this folder anew. The keys of the authorities are thrown away.
set -eu
cd "$(dirname "$0")"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

authority() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 36500 -subj "/CN=$2" \
    -addext "basicConstraints=critical,CA:TRUE" -addext "keyUsage=critical,keyCertSign" \
    -keyout "$scratch/$1.key" -out "$1.pem"
}
authority ca "Spangate test authority"
authority other_ca "Another test authority"

openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=localhost" \
  -keyout server.key -out "$scratch/server.csr"
printf 'basicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\nsubjectAltName=DNS:localhost\n' > "$scratch/extensions"
openssl x509 -req -in "$scratch/server.csr" -CA ca.pem -CAkey "$scratch/ca.key" -days 36500 -extfile "$scratch/extensions" -out server.pem

# Signs itself, for one day of 2020.
cat > "$scratch/expired.conf" <<END
[ca]
default_ca = own
[own]
database = $scratch/index
new_certs_dir = $scratch
rand_serial = yes
default_md = sha256
policy = name
[name]
commonName = supplied
[extensions]
subjectAltName = DNS:localhost
END
touch "$scratch/index"
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=localhost" -keyout expired.key -out "$scratch/expired.csr"
openssl ca -config "$scratch/expired.conf" -selfsign -batch -notext -startdate 20200101000000Z -enddate 20200102000000Z \
  -extensions extensions -keyfile expired.key -in "$scratch/expired.csr" -out expired.pem
