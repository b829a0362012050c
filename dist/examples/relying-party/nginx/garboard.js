/*
 * What a relying party asks of a node before it answers (docs/tokens.md): an attestation result, a certificate that
 * says "trusted", or both. For nginx with njs 0.7.9 (Debian 12) or newer; each function answers an auth_request:
 * 204 yes, 401 show something that verifies, 403 it verifies and says no.
 *
 * Variables of nginx.conf: $garboard_domain, the trust domain; $garboard_jwks, the file that fetch-jwks keeps fresh.
 */
import fs from 'fs';

const PROFILE = 'tag:ietf.org,2026:rats/ear#04';
const LEEWAY_S = 30; // how far two clocks may be apart
const MAX_TOKEN = 16384;
const MAX_SET_AGE_S = 900; // fetch-jwks runs every minute; a key that was withdrawn must not count because it stopped

// What this relying party accepts of a result that verifies. Adapt it: a claim that is absent was not judged.
function acceptable(ear) {
    const node = ear.submods && ear.submods.node;
    if (!node || (node.ear_status !== 'affirming' && node.ear_status !== 'warning'))
        return false;
    const vector = node.ear_trustworthiness_vector || {};
    return vector['instance-identity'] === 2;
}

/* ---- the token ---- */

// Strict: no padding, no other letters, no bits left over.
function base64url(text) {
    if (!/^[A-Za-z0-9_-]+$/.test(text))
        throw new Error('not base64url');
    const bytes = Buffer.from(text, 'base64url');
    if (bytes.toString('base64url') !== text)
        throw new Error('not base64url');
    return bytes;
}

// RFC 5480: what stands before the point of a P-256 key.
const SPKI = Buffer.from('3059301306072a8648ce3d020106082a8648ce3d030107034200', 'hex');

// The key of this id, or null; throws when the set is old. Only keys that are for ES256 are taken.
function find_key(path, id) {
    if (Date.now() - fs.statSync(path).mtimeMs > MAX_SET_AGE_S * 1000)
        throw new Error('the key set is old: is fetch-jwks running?');
    const keys = JSON.parse(fs.readFileSync(path, 'utf8')).keys;
    for (let i = 0; i < keys.length; i++) {
        const k = keys[i];
        if (k.kid !== id || k.kty !== 'EC' || k.crv !== 'P-256' || (k.use && k.use !== 'sig') || (k.alg && k.alg !== 'ES256'))
            continue;
        return crypto.subtle.importKey('spki', Buffer.concat([SPKI, Buffer.from([4]), base64url(k.x), base64url(k.y)]),
                                       {name: 'ECDSA', namedCurve: 'P-256'}, false, ['verify']);
    }
    return null;
}

// A number of 32 bytes as INTEGER of DER.
function der_integer(bytes) {
    let at = 0;
    while (at < bytes.length - 1 && bytes[at] === 0)
        at++;
    const sign = bytes[at] >= 128 ? [0] : [];
    return Buffer.concat([Buffer.from([2, bytes.length - at + sign.length].concat(sign)), bytes.slice(at)]);
}

// JWS signs r || s (RFC 7518, 3.4), which WebCrypto verifies; njs before 0.8 wants a SEQUENCE of DER.
function der_signature(raw) {
    const body = Buffer.concat([der_integer(raw.slice(0, 32)), der_integer(raw.slice(32))]);
    return Buffer.concat([Buffer.from([0x30, body.length]), body]);
}

async function signed_by(key, raw, text) {
    const how = {name: 'ECDSA', hash: 'SHA-256'};
    if (raw.length !== 64)
        return false;
    const forms = [raw, der_signature(raw)];
    for (let i = 0; i < forms.length; i++) {
        let good = false;
        try {
            good = await crypto.subtle.verify(how, key, forms[i], text);
        } catch (e) {
            good = false; // the other form is njs's
        }
        if (good)
            return true;
    }
    return false;
}

// The claims of a token that verifies; throws with the reason otherwise.
async function verified(r) {
    const match = /^Bearer ([^ ]+)$/.exec(r.headersIn.Authorization || '');
    if (!match || match[1].length > MAX_TOKEN)
        throw new Error('no bearer token');
    const parts = match[1].split('.');
    if (parts.length !== 3)
        throw new Error('not a signed token');
    const header = JSON.parse(base64url(parts[0]).toString());
    if (header.alg !== 'ES256' || header.crit) // never what the token asks for
        throw new Error('not signed with ES256');
    const key = await find_key(r.variables.garboard_jwks, header.kid);
    if (!key)
        throw new Error('signed by a key that is not in the set: is fetch-jwks running?');
    if (!await signed_by(key, base64url(parts[2]), parts[0] + '.' + parts[1]))
        throw new Error('the signature does not verify');
    const claims = JSON.parse(base64url(parts[1]).toString());
    const now_s = Date.now() / 1000;
    if (typeof claims.exp !== 'number' || claims.exp <= now_s - LEEWAY_S)
        throw new Error('the token has ended');
    if (typeof claims.nbf !== 'number' || claims.nbf > now_s + LEEWAY_S)
        throw new Error('the token is not valid yet');
    if (claims.iss !== 'spiffe://' + r.variables.garboard_domain + '/keyd')
        throw new Error('issued by somebody else');
    if (claims.eat_profile !== PROFILE)
        throw new Error('not an attestation result');
    return claims;
}

function refuse(r, status, why) {
    r.warn('garboard: ' + why);
    if (status === 401)
        r.headersOut['WWW-Authenticate'] = 'Bearer realm="attested nodes"';
    r.return(status);
}

// Whoever shows a result of a node that is trusted.
async function token(r) {
    try {
        const claims = await verified(r);
        if (acceptable(claims))
            r.return(204);
        else
            refuse(r, 403, 'the result is not good enough: ' + claims.sub);
    } catch (e) {
        refuse(r, 401, e.message);
    }
}

/* ---- the certificate ---- */

// One element of DER at `at`: its tag, where its content begins and ends.
function element(der, at, end) {
    let len = der[at + 1], from = at + 2;
    if (len >= 128) {
        const size = len - 128;
        len = 0;
        if (size < 1 || size > 3)
            throw new Error('DER');
        for (let i = 0; i < size; i++)
            len = len * 256 + der[from++];
    }
    if (!(len >= 0) || from + len > end)
        throw new Error('DER');
    return {tag: der[at], at: at, from: from, end: from + len};
}

function children(der, parent) {
    const list = [];
    for (let at = parent.from; at < parent.end;) {
        const child = element(der, at, parent.end);
        list.push(child);
        at = child.end;
    }
    return list;
}

// The URIs of subjectAltName (RFC 5280, 4.2.1.6).
function uris_of(der) {
    const uris = [];
    const tbs = children(der, element(der, 0, der.length))[0];
    const wrapped = children(der, tbs).filter((e) => e.tag === 0xa3); // [3] Extensions
    if (wrapped.length !== 1)
        return uris;
    children(der, children(der, wrapped[0])[0]).forEach((extension) => {
        const fields = children(der, extension);
        if (der.slice(fields[0].from, fields[0].end).toString('hex') !== '551d11') // 2.5.29.17
            return;
        const value = fields[fields.length - 1]; // OCTET STRING, after "critical" where that is there
        children(der, element(der, value.from, value.end)).forEach((name) => {
            if (name.tag === 0x86) // [6] uniformResourceIdentifier
                uris.push(der.slice(name.from, name.end).toString());
        });
    });
    return uris;
}

// nginx checked chain and dates (ssl_verify_client on). All certificates of a trust domain have the same CA, so the
// name decides: joining/ is of a node that was not seen trusted yet, operator/ is a person.
function node_of(r) {
    const pem = r.variables.ssl_client_raw_cert || '';
    const der = Buffer.from(pem.replace(/-----[^-]*-----/g, '').replace(/\s/g, ''), 'base64');
    const uris = uris_of(der);
    const prefix = 'spiffe://' + r.variables.garboard_domain + '/node/';
    if (uris.length !== 1 || !uris[0].startsWith(prefix) || !/^[0-9a-f-]{36}$/.test(uris[0].slice(prefix.length)))
        throw new Error('the certificate is not of a trusted node: ' + JSON.stringify(uris));
    return uris[0];
}

// Whoever speaks TLS with a key in the TPM of a node that was trusted when its certificate was issued.
function certificate(r) {
    try {
        node_of(r);
        r.return(204);
    } catch (e) {
        refuse(r, 403, e.message);
    }
}

// Both, of the same node: the freshest answer, and nobody can borrow it.
async function both(r) {
    let claims;
    try {
        claims = await verified(r);
    } catch (e) {
        refuse(r, 401, e.message);
        return;
    }
    try {
        if (node_of(r) !== claims.sub)
            throw new Error('the result is of another node than the certificate');
        if (!acceptable(claims))
            throw new Error('the result is not good enough: ' + claims.sub);
        r.return(204);
    } catch (e) {
        refuse(r, 403, e.message);
    }
}

export default {token, certificate, both};
