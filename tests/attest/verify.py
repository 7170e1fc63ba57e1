"""verify.py BUNDLE PUBLIC_KEY PREDICATE_TYPE FILE...

Verifies with securesystemslib, and for P-256 with sigstore for Python, that the owner of the key
signed a statement with this predicate about each of the files.
"""
import hashlib
import json
import os
import sys

import sigstore.dsse
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from securesystemslib.dsse import Envelope
from securesystemslib.signer import SSlibKey
from sigstore.hashes import Hashed
from sigstore_models.bundle.v1 import Bundle
from sigstore_models.common.v1 import HashAlgorithm

bundle_file, key_file, predicate_type, *files = sys.argv[1:]
with open(bundle_file, encoding="utf-8") as file:
    text = file.read()
with open(key_file, "rb") as file:
    key = serialization.load_pem_public_key(file.read())
der = key.public_bytes(
    serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
)
key_id = hashlib.sha256(der).hexdigest()

bundle = json.loads(text)
if bundle["verificationMaterial"]["publicKey"]["hint"] != key_id:
    sys.exit("signed with another key")
envelope = Envelope.from_dict(bundle["dsseEnvelope"])
envelope.verify([SSlibKey.from_crypto(key, keyid=key_id)], 1)
names = "securesystemslib"

# What sigstore's own command line verifies are certificates; these are the parts beneath it, which
# know P-256 only.
model = Bundle.from_json(text)
statement = sigstore.dsse.Statement(envelope.payload)
if isinstance(key, ec.EllipticCurvePublicKey):
    payload = sigstore.dsse._verify(key, sigstore.dsse.Envelope(model.dsse_envelope))
    if payload != envelope.payload:
        sys.exit("the two disagree about what was signed")
    names += ", sigstore for Python"

content = json.loads(envelope.payload)
if content["predicateType"] != predicate_type:
    sys.exit("another predicate")
subjects = {each["name"]: each["digest"]["sha256"] for each in content["subject"]}
for name in files:
    with open(name, "rb") as file:
        digest = hashlib.sha256(file.read()).digest()
    if subjects.get(os.path.basename(name)) != digest.hex():
        sys.exit(f"{name} is not as it was signed")
    hashed = Hashed(algorithm=HashAlgorithm.SHA2_256, digest=digest)
    if not statement._matches_digest(hashed):
        sys.exit(f"sigstore for Python finds no subject {name}")
print(f"{os.path.basename(bundle_file)}: good ({names})")
