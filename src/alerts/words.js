// Words that have a role when a text is masked. Plain JavaScript, because a thread runs it.
//
// Words are looked up by a hash that is computed while a token is scanned, so that no token has to be sliced.

/** Before the number of an error: `status 502`. */
export const code = 1
/** As `code`, but not before a count: `error: 3 files are missing`. */
export const doubtfulCode = 2
/** Between such a word and its number: `exited with 1`. */
export const filler = 4
/** Name of a field that tells one sender, user or object from another: `user=root`. */
export const identity = 8
/** Unit of a number. */
export const unit = 16
/** Name of a weekday or month. */
export const calendar = 32
/** Time zone, or half of a day. */
export const zone = 64
/** A word although it has a digit. */
export const known = 128
export const user = 256
/** Before `user` and a name: `invalid user bob`. */
export const beforeUser = 512
/** After `user` where no name follows: `invalid user input`. */
export const afterUser = 1024
/** Before `for` and a name: `password for bob from 10.0.0.1`. */
export const credential = 2048
export const forWord = 4096
export const fromWord = 8192
export const preposition = 16384
/** Extension of source files. */
export const source = 32768
/** Last label of host names. */
export const domain = 65536

/** @type {ReadonlyArray<[role: number, words: string]>} */
const words = [
  [code, `code codes errno status exit exited signal sig sqlstate sqlcode rc http hresult ntstatus responded answered
    errorcode error_code error-code errcode err_code statuscode status_code status-code exitcode exit_code exit-code
    exitstatus exit_status returncode return_code return-code retcode ret_code ret resultcode result_code httpcode
    http_code http_status httpstatus http/1.0 http/1.1 http/2 http/2.0 http/3`],
  [doubtfulCode, 'error errors err returned returns'],
  [filler, 'with is was number no value'],
  [identity, `id user username user_name usr uname login logname account ruser euser rhost host hostname host_name
    server peer client client_ip clientip remote remote_addr remote_ip src dst ip addr address email e-mail mail session
    sessionid sid uid guid uuid pid tid nonce token hash customer tenant device thread trace span`],
  [unit, `ms msec msecs millis millisecond milliseconds us usec µs microseconds ns nanoseconds s sec secs second seconds
    m min mins minute minutes h hr hrs hour hours d day days week weeks month months year years
    b byte bytes k kb kib mb mib g gb gib tb tib pb bit bits kbit mbit gbit kbps mbps gbps kb/s mb/s gb/s b/s bytes/s
    hz khz mhz ghz px percent times`],
  [calendar, `mon tue wed thu fri sat sun monday tuesday wednesday thursday friday saturday sunday
    jan feb mar apr may jun jul aug sep sept oct nov dec
    january february march april june july august september october november december`],
  [zone, 'am pm utc gmt z est edt cst cdt mst mdt pst pdt cet cest eet eest bst ist msk jst kst wet west'],
  [known, `ipv4 ipv6 ip4 ip6 inet6 utf8 utf-8 utf16 utf-16 utf-32 utf8mb3 utf8mb4 ucs2 iso-8859-1 iso-8859-15 latin1
    iso8859-1 iso-8601 iso8601 windows-1252 cp1252 md4 md5 sha1 sha-1 sha2 sha256 sha-256 sha384 sha-384 sha512 sha-512
    sha3 crc32 base32 base64 rc4 aes128 aes256 aes-128 aes-256 rs256 hs256 es256 ed25519 x25519 x509 x.509 pkcs1 pkcs7
    pkcs8 pkcs12 ssh1 ssh2 sslv2 sslv3 tlsv1 tlsv1.0 tlsv1.1 tlsv1.2 tlsv1.3 tls1.0 tls1.1 tls1.2 tls1.3
    http/1.0 http/1.1 http/2 http/2.0 http/3 http2 http3 h2 h2c h3 socks4 socks5 oauth1 oauth2 oauth2.0 pop3 imap4 nfsv3
    nfsv4 nfs3 nfs4 dhcpv4 dhcpv6 icmpv6 x86 x86_64 x64 amd64 i386 i486 i586 i686 arm64 aarch64 win32 win64 int8 int16
    int32 int64 uint8 uint16 uint32 uint64 float32 float64 i32 i64 u32 u64 f32 f64 s3 ec2 k8s k3s i18n l10n e2e p2p b2b
    b2c log4j log4j2 log4js log4net slf4j h264 h265 mp3 mp4 ext2 ext3 ext4 raid0 raid1 raid5 raid6 raid10 sqlite3 db2
    python2 python3 php7 php8 html5 css3 es5 es6 boto3 psycopg2 psycopg3 mysql2 jinja2 urllib3 httplib2 neo4j auth0
    2fa`],
  [user, 'user'],
  [beforeUser, 'for invalid illegal unknown by as of from'],
  [afterUser, `a about account accounts action actions activity address agent agents and application apps are at attempt
    auth authentication authorization aborted by can canceled cancelled cannot class cleanup code command config
    configuration connection connections consent context created creation credential credentials data database
    defined deleted deletion details did directory disabled disconnect disconnected does email entered entries entry
    error errors event events exists experience field file files for found from function group groups had has have home
    id identifier identity ids if in info information input interaction interface interrupt intervention is it key keys
    level limit limits list locked login logout lookup management may memory message messages metadata mode model must
    name namespace names not object objects of on operation operations option options or password passwords permission
    permissions policy pool preference preferences privilege privileges process processes profile profiles program
    prompt properties property provided query quota record records registration rejected request requested requests
    resource response review rights role roles row rows schema script search segment service services session sessions
    setting settings should sign sign-in signin signup space specified state status storage store supplied supply
    support table task tasks template terminated that the they this thread threads time timeout to token tokens
    transaction type types unknown update updates validation value values variable variables was were which who will
    with without workspace`],
  [credential, 'password passphrase publickey login logon'],
  [forWord, 'for'],
  [fromWord, 'from'],
  [preposition, `to from at on by with of for in into onto via through using while when after before during because
    occurred`],
  [source, `c cc cpp cxx h hh hpp java kt kts scala groovy go py pyx rb js mjs cjs jsx ts mts tsx vue php cs vb fs rs ex
    exs erl hrl swift dart pl pm lua sql r jl clj hs ml m mm asm s sh ps1 psm1`],
  [domain, `com net org edu gov mil int info biz local internal localdomain lan arpa intranet corp
    eu de ru cn jp uk fr nl br ca us kr tw se fi dk cz ch gr tr ua za mx ar nz sg hk vn th ir il au ro hu sk bg pt`]
]

const seed = -2128831035
const prime = 16777619
const slotBits = 12
const slots = 1 << slotBits
/** Hashes and roles of the words, in a table with open addressing. */
const hashes = new Int32Array(slots)
const roles = new Int32Array(slots)
/** A bit for each word, by its hash: most other words have none there, and this table stays in the fastest cache. */
const filterBits = 14
const filter = new Int32Array(1 << filterBits - 5)

for (const [role, list] of words) for (const word of list.split(/\s+/)) addRole(word, role)

export { seed as wordSeed }

/**
 * Hash of a word, once it has one more character. Upper and lower case are the same.
 * @param {number} hash
 * @param {number} character
 */
export function addToHash (hash, character) {
  return Math.imul(hash ^ (character | 0x20), prime)
}

/**
 * Hash of a part of a text.
 * @param {Uint16Array} units
 * @param {number} from
 * @param {number} to
 */
export function hashOf (units, from, to) {
  let hash = seed
  for (let at = from; at < to; at++) hash = addToHash(hash, units[at] ?? 0)
  return hash
}

/**
 * Roles of the word with this hash; 0 for a word that has none.
 * @param {number} hash
 */
export function rolesOf (hash) {
  if (((filter[filterSlotOf(hash)] ?? 0) >>> (hash & 31) & 1) === 0) return 0
  for (let slot = slotOf(hash); ; slot = (slot + 1) % slots) {
    if (hashes[slot] === hash) return roles[slot] ?? 0
    if (roles[slot] === 0) return 0
  }
}

/** @param {number} hash */
function filterSlotOf (hash) {
  return (hash >>> 5 ^ hash >>> 18) & (filter.length - 1)
}

/** @param {number} hash */
function slotOf (hash) {
  return (hash ^ (hash >>> 15)) & (slots - 1)
}

/**
 * @param {string} word
 * @param {number} role
 */
function addRole (word, role) {
  const hash = hashOf(Uint16Array.from(word, (character) => character.charCodeAt(0)), 0, word.length)
  let slot = slotOf(hash)
  while (roles[slot] !== 0 && hashes[slot] !== hash) slot = (slot + 1) % slots
  hashes[slot] = hash
  roles[slot] = (roles[slot] ?? 0) | role
  filter[filterSlotOf(hash)] = (filter[filterSlotOf(hash)] ?? 0) | 1 << (hash & 31)
}
