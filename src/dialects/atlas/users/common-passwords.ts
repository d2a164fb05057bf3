/** Passwords of eight characters and more that everybody tries first, in lower case. */
const COMMON = [
  'password password1 password12 password123 password1234 passw0rd p@ssw0rd p@ssword pa55word pass1234 passpass',
  '12345678 123456789 1234567890 0123456789 87654321 987654321 11111111 00000000 88888888 12341234 11223344 12344321',
  'qwertyui qwertyuiop qwerty12 qwerty123 qwerty1234 1q2w3e4r 1q2w3e4r5t 1qaz2wsx qazwsxedc zaq12wsx asdfghjk asdfghjkl',
  'iloveyou iloveyou1 princess sunshine football baseball superman batman123 trustno1 letmein1 letmein123 welcome1',
  'welcome123 admin123 admin1234 administrator changeme changeme1 changeme123 secret123 default1 master123 dragon123',
  'monkey123 shadow123 michael1 jennifer computer internet starwars whatever abcd1234 abc12345 abcdefgh abc123456',
  'mongodb1 mongodb123 database database1 test1234 testtest guest123 rootroot root1234 toor1234 user1234',
]

const ALL: ReadonlySet<string> = new Set(COMMON.flatMap(line => line.split(' ')))

export function isCommon(password: string): boolean {
  return ALL.has(password.toLowerCase())
}
