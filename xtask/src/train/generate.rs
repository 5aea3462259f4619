//! Made-up lines for training: the same names and forms with values that are
//! secrets and with values that only stand where one would.

use assay_rules::secret_samples;
use assay_source::{RepoPath, SourceText};

use super::boost::Row;

const NAMES: &[&str] = &[
    "password",
    "db_password",
    "DB_PASSWORD",
    "passwd",
    "userPassword",
    "smtp_pass",
    "pwd",
    "secret",
    "client_secret",
    "clientSecret",
    "APP_SECRET",
    "jwtSecret",
    "token",
    "access_token",
    "authToken",
    "API_TOKEN",
    "api_key",
    "apiKey",
    "API_KEY",
    "secretKey",
    "encryption_key",
    "privateKey",
    "aws_secret_access_key",
    "credentials",
    "auth",
    "salt",
    "nonce",
    "spring.datasource.password",
];

/// A form of line and the path that it stands in; `N` is the name, `V` the value.
const FORMS: &[(&str, &str)] = &[
    ("N = \"V\"", "src/settings.py"),
    ("    N: 'V',", "src/config.js"),
    ("  \"N\": \"V\",", "config/app.json"),
    ("N: V", "deploy/values.yaml"),
    ("N=V", "app.properties"),
    ("export N=V", "run.sh"),
    ("ENV N V", "Dockerfile"),
    ("    N = 'V'", "test/login_test.rb"),
    ("var N = \"V\";", "src/Main.java"),
    ("private static final String N = \"V\";", "src/Auth.java"),
    ("const N = 'V';", "src/auth.ts"),
    ("  N => 'V',", "config.php"),
    ("N := \"V\"", "main.go"),
    ("<N>V</N>", "settings.xml"),
    ("app --N V run", "README.md"),
    ("client.login(user, N='V')", "tests/test_api.py"),
    ("set(\"N\", \"V\")", "src/App.kt"),
    ("# N: V", "conf/app.yml"),
    ("    Form.set_N(\"V\")", "spec/a.py"),
];

/// Values that stand where a secret would.
const LOOK_ALIKES: &[&str] = &[
    "changeme",
    "password",
    "secret",
    "your-api-key",
    "YOUR_TOKEN_HERE",
    "example",
    "xxxxxxxxxxxx",
    "test",
    "testing",
    "foobar",
    "my-secret",
    "user.password",
    "config.apiKey",
    "getPassword",
    "request.token",
    "string",
    "String",
    "text",
    "required",
    "Enter your password",
    "Invalid password",
    "is not valid",
    "password_field",
    "form.password.label",
    "null",
    "None",
    "true",
    "/run/secrets/db",
    "secret/data/app",
    "https://example.com/token",
    "arn:aws:secretsmanager:eu-west-1:secret",
    "application/json",
    "bcrypt",
    "token_hex",
    "x-api-key",
    "X-Auth-Token",
    "access_token",
    "refreshToken",
    "session",
    "email",
    "username",
    "admin",
    "root",
    "default",
    "id",
    "primary",
    "name",
    "value",
    "key",
    "sha256",
    "RS256",
    "hunter",
    "dummy-token",
    "fake_key",
    "some-secret-value",
    "not-a-real-key",
    "REPLACE_ME",
    "TODO",
    "vault:secret/db#password",
    "Bearer",
    "abc",
    "abc123",
    "123456",
    "00000000-0000-0000-0000-000000000000",
    "$2b$12$abcdefghijklmnopqrstuv",
    "undefined",
    "passwordInput",
    "handleTokenChange",
    "ENV_PASSWORD",
    "env.DB_PASSWORD",
    "self.token",
    "this.password",
    "process.env.TOKEN",
    "os.environ",
    "settings.SECRET_KEY",
    "data.password",
    "GameTitle",
    "user-pass",
    "pass",
    "rsa:2048",
    "rsa:4096",
    "aes-256-cbc",
    "newpassword",
    "correct horse",
    "old_password",
    "confirmation",
    "forgot-password",
    "reset_password_token",
];

/// A small generator of pseudo-random numbers.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % end
    }

    fn text(&mut self, alphabet: &str, from: usize, to: usize) -> String {
        let letters: Vec<char> = alphabet.chars().collect();
        let count = from + self.below(to - from + 1);
        (0..count)
            .map(|_| letters[self.below(letters.len())])
            .collect()
    }

    fn word(&mut self) -> &'static str {
        const WORDS: &[&str] = &[
            "summer", "winter", "dragon", "monkey", "london", "coffee", "purple", "shadow",
            "master", "tiger", "orange", "silver", "rocket", "garden", "falcon", "pepper",
            "castle", "thunder", "ocean", "maple",
        ];
        WORDS[self.below(WORDS.len())]
    }

    fn uuid(&mut self) -> String {
        let parts: Vec<String> = [8, 4, 4, 4, 12]
            .iter()
            .map(|&count| self.text("0123456789abcdef", count, count))
            .collect();
        parts.join("-")
    }

    fn secret(&mut self) -> String {
        const LOWER: &str = "abcdefghijklmnopqrstuvwxyz";
        const ALNUM: &str = "abcdefghijklmnopqrstuvwxyz0123456789";
        const MIXED: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        const SIGNS: &str = "ABCDEFGHIJKMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789!@#%^*-_+=?";
        match self.below(12) {
            0 => self.text(LOWER, 6, 12),
            1 => self.text(ALNUM, 8, 16),
            2 => self.text("0123456789abcdef", 32, 64),
            3 => self.text(MIXED, 16, 44),
            4 => self.text(SIGNS, 8, 20),
            5 => format!("{}=", self.text(MIXED, 43, 43)),
            6 => self.text(MIXED, 8, 14),
            7 => {
                let (word, digits) = (self.word(), self.text("0123456789", 2, 4));
                let sign = self.text("!@#$%*", 1, 1);
                let mut first = word[..1].to_uppercase();
                first.push_str(&word[1..]);
                format!("{first}{digits}{sign}")
            }
            8 => format!("{}{}", self.word(), self.text("0123456789", 3, 4)),
            9 => self.text("0123456789", 6, 10),
            10 => self.uuid(),
            _ => self.text("abcdefghijklmnopqrstuvwxyz-0123456789", 18, 30),
        }
    }
}

/// So many values of each kind are put into each form.
const ROUNDS: usize = 3;
/// Made-up lines are simpler than real ones.
const WEIGHT: f64 = 0.35;

/// Makes the samples.
pub(super) fn rows() -> Vec<Row> {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut rows = Vec::new();
    for (form, path) in FORMS {
        for name in NAMES {
            for round in 0..ROUNDS * 2 {
                let is_secret = round % 2 == 0;
                let other = ["_id", "_file", "_name", "_hash", "_expires"][random.below(5)];
                let (name, value) = match (is_secret, round) {
                    (true, 4) => {
                        let after = ["_confirmation", "_v2", "1", "_value", "_prod"];
                        (format!("{name}{}", after[random.below(5)]), random.secret())
                    }
                    (true, _) => ((*name).to_owned(), random.secret()),
                    // Something random beside a name that is about something else.
                    (false, 5) if other == "_id" => (format!("{name}{other}"), random.uuid()),
                    (false, 5) => (
                        format!("{name}{other}"),
                        random.text("0123456789abcdef", 8, 40),
                    ),
                    (false, 3) if random.below(3) == 0 => {
                        ((*name).to_owned(), random.text("0123456789", 1, 4))
                    }
                    (false, _) => (
                        (*name).to_owned(),
                        LOOK_ALIKES[random.below(LOOK_ALIKES.len())].to_owned(),
                    ),
                };
                let line = form
                    .replace('N', "\u{1}")
                    .replace('V', &value)
                    .replace('\u{1}', &name);
                let text = SourceText::from_text(format!("# a line before\n{line}\nand after\n"));
                let at = text.as_str().find(&value).unwrap_or(0) as u32;
                for sample in secret_samples(&RepoPath::from(*path), &text) {
                    let is_here = sample.value.start <= at && at < sample.value.end;
                    if let (Some(features), true) = (sample.features, is_here) {
                        rows.push(Row {
                            features: features.to_vec(),
                            is_secret,
                            weight: WEIGHT,
                        });
                    }
                }
            }
        }
    }
    rows
}
