// verify.mjs BUNDLE PUBLIC_KEY PREDICATE_TYPE FILE...: verifies with sigstore for JavaScript that the
// owner of the key signed a statement with this predicate about each of the files.
import { bundleFromJSON } from '@sigstore/bundle';
import { Verifier, toSignedEntity, toTrustMaterial } from '@sigstore/verify';
import { createHash, createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';

const [bundleFile, keyFile, predicateType, ...files] = process.argv.slice(2);
const bundle = bundleFromJSON(JSON.parse(readFileSync(bundleFile, 'utf8')));
const key = createPublicKey(readFileSync(keyFile));
const hint = createHash('sha256').update(key.export({ type: 'spki', format: 'der' })).digest('hex');

const noAuthorities = { certificateAuthorities: [], timestampAuthorities: [], tlogs: [], ctlogs: [] };
const trust = toTrustMaterial(noAuthorities, (wanted) => {
  if (wanted !== hint) throw new Error(`signed with key ${wanted}, not ${hint}`);
  return { publicKey: key, validFor: () => true };
});
new Verifier(trust, { ctlogThreshold: 0, tlogThreshold: 0, timestampThreshold: 0 })
  .verify(toSignedEntity(bundle));

const statement = JSON.parse(bundle.content.dsseEnvelope.payload.toString('utf8'));
if (statement._type !== 'https://in-toto.io/Statement/v1') throw new Error('no statement');
if (statement.predicateType !== predicateType) throw new Error('another predicate');
const subjects = new Map(statement.subject.map((each) => [each.name, each.digest.sha256]));
for (const file of files) {
  const digest = createHash('sha256').update(readFileSync(file)).digest('hex');
  if (subjects.get(basename(file)) !== digest) throw new Error(`${file} is not as it was signed`);
}
console.log(`${basename(bundleFile)}: good (sigstore for JavaScript)`);
