"""Writes a new certificate for 127.0.0.1, and its key. It takes the suite's Python, 2.7, and its libraries.

    certificate.py CERT KEY
"""

import sys

from OpenSSL import crypto

key = crypto.PKey()
key.generate_key(crypto.TYPE_RSA, 2048)
certificate = crypto.X509()
certificate.set_version(2)
certificate.set_serial_number(1)
certificate.get_subject().CN = "127.0.0.1"
certificate.set_issuer(certificate.get_subject())
certificate.gmtime_adj_notBefore(0)
certificate.gmtime_adj_notAfter(24 * 60 * 60)
certificate.set_pubkey(key)
certificate.sign(key, "sha256")

with open(sys.argv[1], "wb") as pem:
    pem.write(crypto.dump_certificate(crypto.FILETYPE_PEM, certificate))
with open(sys.argv[2], "wb") as pem:
    pem.write(crypto.dump_privatekey(crypto.FILETYPE_PEM, key))
