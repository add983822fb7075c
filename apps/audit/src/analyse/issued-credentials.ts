/**
 * Credentials that somebody issues in a shape of their own: what they are called, how they are checked, and those whose
 * shape secretlint does not know. Looks at a value and where it stands, never at a file.
 */

/** Something in the text that may be a secret. */
export interface Candidate {
  readonly what: string;
  /** Offset in the text. */
  readonly at: number;
  readonly value: string;
  /** What may be shown of it: the beginning that every credential of its kind has. */
  readonly prefix: string;
}

/** A kind of credential. */
interface Kind {
  readonly what: string;
  /** What every one of them begins with; nothing of a value without a fixed beginning is shown. */
  readonly prefix?: RegExp;
  /** Whether a value of this shape can be a live one. */
  readonly check?: (value: string) => boolean;
  /** Its shape is common in tests and examples, where it proves nothing. */
  readonly notInTests?: true;
}

/** By the message of secretlint's rule. A message that is not here says what its rule is. */
const kinds: Readonly<Record<string, Kind>> = {
  GITHUB_TOKEN: { what: "GitHub token", prefix: /^(gh[pousr]|github_pat)_/, check: isGithubToken },
  NPM_ACCESS_TOKEN: { what: "npm access token", prefix: /^npm_/ },
  Npmrc_authToken: { what: "npm auth token" },
  PackageJSON_xOauthToken: { what: "GitHub token in a URL" },
  SLACK_TOKEN: { what: "Slack token", prefix: /^(xox[abopr]|xapp)-/, check: hasDigits },
  IncomingWebhook: { what: "Slack webhook", prefix: /^https:\/\/hooks\.slack\.com\/services\// },
  AWSAccessKeyID: { what: "AWS access key id", prefix: /^A[A-Z0-9]{3}/, check: isAwsKeyId },
  AWSSecretAccessKey: { what: "AWS secret access key", check: hasDigits },
  OPENAI_TOKEN: { what: "OpenAI key", prefix: /^sk-/ },
  ANTHROPIC_API_KEY: { what: "Anthropic key", prefix: /^sk-ant-/ },
  LINEAR_API_TOKEN: { what: "Linear key", prefix: /^lin_api_/ },
  SENDGRID_KEY: { what: "SendGrid key", prefix: /^SG\./ },
  SHOPIFY_KEY: { what: "Shopify key", prefix: /^shp(pa|ca|at|ss)_/ },
  OPS_TOKEN: { what: "1Password service account token", prefix: /^ops_/ },
  PrivateKey: { what: "private key", prefix: /^-----BEGIN[A-Z ]*-----/, notInTests: true },
  PrivateKeyJSON: { what: "service account with its private key", notInTests: true },
  BasicAuth: { what: "password in a URL", check: isReachable, notInTests: true },
  MongoDBConnection: { what: "password in a database URL", check: isReachable, notInTests: true },
  MySQLConnection: { what: "password in a database URL", check: isReachable, notInTests: true },
  PostgreSQLConnection: {
    what: "password in a database URL",
    check: isReachable,
    notInTests: true,
  },
  // Twelve digits that AWS itself does not call a secret.
  AWSAccountID: { what: "AWS account", check: () => false },
};

/** Those that secretlint has no rule for, with the issuer's description of the shape. */
const shapes: readonly (Kind & { readonly shape: RegExp })[] = [
  {
    what: "Stripe live key", // https://docs.stripe.com/keys
    shape: /\b[rs]k_live_[A-Za-z0-9]{24,247}\b/g,
    prefix: /^[rs]k_live_/,
  },
  {
    what: "GitLab access token", // https://docs.gitlab.com/security/tokens/#token-prefixes
    shape: /\bglpat-[A-Za-z0-9_-]{20}(?:\.[a-z0-9]{2}\.[a-z0-9]{9})?(?![A-Za-z0-9_-])/g,
    prefix: /^glpat-/,
    check: hasDigits,
  },
  {
    what: "PyPI token", // https://pypi.org/help/#apitoken: a macaroon for pypi.org
    shape: /\bpypi-AgEIcHlwaS5vcmc[A-Za-z0-9_-]{50,1000}/g,
    prefix: /^pypi-/,
  },
  {
    what: "JSON Web Token", // RFC 7519
    shape: /\beyJ[A-Za-z0-9_-]{10,2000}\.eyJ[A-Za-z0-9_-]{10,8000}\.[A-Za-z0-9_-]{20,1000}/g,
    check: isSignedToken,
    notInTests: true,
  },
];

/** `undefined` when it is none that could be live. */
export function knownAs(
  ruleId: string,
  messageId: string,
  path: string,
  value: string,
): Omit<Candidate, "at"> | undefined {
  const kind = Object.hasOwn(kinds, messageId) ? kinds[messageId] : undefined;
  return asCandidate(kind ?? { what: ruleId.replace(/^.*secretlint-rule-/, "") }, path, value);
}

export function issuedCredentials(path: string, text: string): Candidate[] {
  const candidates: Candidate[] = [];
  for (const { shape, ...kind } of shapes) {
    for (const { index, 0: value } of text.matchAll(shape)) {
      const candidate = asCandidate(kind, path, value);
      if (candidate !== undefined) candidates.push({ ...candidate, at: index });
    }
  }
  return candidates;
}

function asCandidate(
  { what, prefix, check, notInTests }: Kind,
  path: string,
  value: string,
): Omit<Candidate, "at"> | undefined {
  if (notInTests && isTestOrExample(path)) return undefined;
  if (check !== undefined && !check(value)) return undefined;
  return { what, value, prefix: prefix?.exec(value)?.[0] ?? "" };
}

/** By the names that test runners and people give to such folders and files. */
export function isTestOrExample(path: string): boolean {
  return (
    /(^|[/_.-])(tests?|__tests__|specs?|__mocks__|mocks?|fixtures?|__fixtures__|testdata|e2e|examples?|samples?|demos?|stories)([/_.-]|$)/i.test(
      path,
    ) || /(Tests?|Spec)\.[a-z]+$/.test(path)
  );
}

/**
 * The last six characters of a classic token are the CRC-32 of the thirty before them, in base 62.
 * https://github.blog/engineering/behind-githubs-new-authentication-token-formats/
 */
function isGithubToken(token: string): boolean {
  if (token.startsWith("github_pat_")) return hasDigits(token);
  const body = token.slice(token.indexOf("_") + 1);
  return base62(crc32(body.slice(0, 30))).padStart(6, "0") === body.slice(30);
}

function crc32(text: string): number {
  let sum = ~0;
  for (const character of text) {
    sum ^= character.charCodeAt(0);
    for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0);
  }
  return ~sum >>> 0;
}

function base62(number: number): string {
  const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  let text = "";
  for (let left = number; left > 0; left = Math.floor(left / 62)) text = digits[left % 62] + text;
  return text;
}

/** After its four letters an id is base 32 of the account and more: no 0, 1, 8, 9. */
function isAwsKeyId(id: string): boolean {
  return /^A[A-Z0-9]{3}[A-Z2-7]{16}$/.test(id) && hasDigits(id.slice(4));
}

/** Sixteen random letters and digits without a digit are rare; a word or a name without one is not. */
function hasDigits(value: string): boolean {
  return (value.match(/\d/g)?.length ?? 0) >= 2;
}

/** A password for this machine, a documentation domain or a name without a dot lets nobody in anywhere. */
function isReachable(url: string): boolean {
  const [, user = "", password = "", host = ""] =
    /:\/\/([^:@/\s]*):([^@\s]*)@\[?([^/:?\s"'`)\]]+)/.exec(url) ?? [];
  const isLocal = /^(localhost|127\.|0\.0\.0\.0|10\.|192\.168\.|::1)/.test(host);
  const isReserved = /(^|\.)(example|test|invalid|local|localhost)(\.(com|org|net))?$/i.test(host);
  const isWord = /^(pass|password|passwd|pwd|secret|user|admin|root|token|pw)\d{0,3}$/i.test(
    password,
  );
  return !isLocal && !isReserved && !isWord && host.includes(".") && password !== user;
}

function isSignedToken(token: string): boolean {
  const [header = "", payload = ""] = token.split(".");
  const { alg } = decodedJson(header) ?? {};
  return typeof alg === "string" && alg !== "none" && decodedJson(payload) !== undefined;
}

function decodedJson(part: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, "base64url").toString("utf8"));
    return typeof value === "object" && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
