//! The kinds of sink: what a value can do harm to. Taint is a set of them, so
//! that an encoder for one kind leaves the others dangerous.

/// A set of kinds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Kinds(pub(crate) u64);

/// Declares the kinds once: the name in models, the bit and the rule.
macro_rules! kinds {
    ($($name:literal => $rule:literal, $what:literal;)+) => {
        /// The names of the kinds, the rules that report them, and what the
        /// sink is, in the order of their bits.
        pub(crate) const KINDS: &[(&str, &str, &str)] = &[$(($name, $rule, $what),)+];
    };
}

kinds! {
    "sql" => "injection/sql-injection", "an SQL statement";
    "command" => "injection/command-injection", "an operating system command";
    "path" => "injection/path-traversal", "a file path";
    "xss" => "injection/cross-site-scripting", "a page";
    "ldap" => "injection/ldap-injection", "an LDAP query";
    "xpath" => "injection/xpath-injection", "an XPath expression";
    "ssrf" => "injection/server-side-request-forgery", "the address of a request";
    "redirect" => "injection/open-redirect", "the target of a redirect";
    "code" => "injection/code-injection", "code that is run";
    "template" => "injection/template-injection", "a template";
    "log" => "injection/log-injection", "a log";
    "header" => "injection/header-injection", "a response header";
    "deserialize" => "injection/unsafe-deserialization", "a deserialiser";
    "xxe" => "injection/xml-external-entity", "an XML parser that resolves entities";
    "trust" => "injection/trust-boundary", "the session";
    "nosql" => "injection/nosql-injection", "a database query";
    "reflection" => "injection/unsafe-reflection", "the name of a class or member";
    "regex" => "injection/regex-injection", "a regular expression";
    "format" => "injection/format-string", "a format string";
    "prototype" => "injection/prototype-pollution", "the keys of an object";
    "upload" => "injection/unrestricted-upload", "the name of a stored file";
    "random" => "security/insecure-random", "a secret value";
    "secret" => "injection/secret-in-log", "a log or response";
    "mass-assignment" => "injection/mass-assignment", "the fields of a record";
    "memory" => "injection/unchecked-size", "a size or an index";
    "buffer" => "injection/buffer-overflow", "a buffer of fixed size";
    "mail" => "injection/mail-header-injection", "the header of a mail";
    // Escaping a text makes it safe between quotes only: outside of them it is
    // still dangerous in this way.
    "sql-bare" => "injection/sql-injection", "an SQL statement";
    // A path that was not made absolute may leave any folder, whatever it
    // begins with.
    "path-raw" => "injection/path-traversal", "a file path";
}

impl Kinds {
    /// No kind.
    pub(crate) const NONE: Self = Self(0);

    /// What numbers can still do harm to when they come from a stranger.
    const NUMBER: u64 =
        bit("trust") | bit("memory") | bit("buffer") | bit("random") | bit("secret");

    /// Kinds that a stranger's input is not dangerous to by itself.
    const SPECIAL: u64 = bit("random") | bit("secret");

    /// What the program itself makes, keeps or does wrong: nobody sends it.
    pub(crate) const OWN: Self =
        Self(Self::SPECIAL | Self::WRONG.0 | Self::SECRET_IF_TOLD.0 | Self::TELLS_SECRET.0);

    /// What is harmless once the host of an address is known.
    pub(crate) const ADDRESS: Self = Self(bit("ssrf") | bit("redirect"));

    /// All that a stranger's input can do harm to.
    pub(crate) const INPUT: Self = Self(((1 << KINDS.len()) - 1) & !Self::SPECIAL);

    /// A query that is an object: no text does harm to it.
    pub(crate) const NOSQL: Self = Self(bit("nosql"));

    /// What the program keeps to itself.
    pub(crate) const SECRET: Self = Self(bit("secret"));

    /// The head of a mail.
    pub(crate) const MAIL: Self = Self(bit("mail"));

    /// The names under which something is stored in an object.
    pub(crate) const PROTOTYPE: Self = Self(bit("prototype"));

    /// No kind of sink: the value may be the prototype of all objects, because
    /// a stranger chose which member of an object it is.
    pub(crate) const MAY_BE_PROTOTYPE: Self = Self(1 << 63);

    /// No kind of sink: something is wrong by itself.
    pub(crate) const WRONG: Self = Self(1 << 62);

    /// No kind of sink: what comes in is a secret where a text tells so, such as
    /// the name of a variable of the environment.
    pub(crate) const SECRET_IF_TOLD: Self = Self(1 << 61);

    /// No kind of sink: there is a text that tells of a secret.
    pub(crate) const TELLS_SECRET: Self = Self(1 << 60);

    /// No kind of sink: a template is filled, which may put out what it is given as
    /// it is.
    pub(crate) const FILLS: Self = Self(1 << 59);

    /// What is dangerous in a page.
    pub(crate) const PAGE: Self = Self(bit("xss"));

    /// The fields of a record.
    pub(crate) const FIELDS: Self = Self(bit("mass-assignment"));

    /// Every kind.
    pub(crate) const ALL: Self = Self((1 << KINDS.len()) - 1);

    /// Every kind, and what is wrong by itself.
    pub(crate) const ANY: Self = Self(Self::ALL.0 | Self::WRONG.0);

    /// Returns the kinds that are left of a value once it is a number.
    pub(crate) fn of_number(self) -> Self {
        Self(self.0 & Self::NUMBER)
    }

    /// What a text between quotes can no longer do.
    pub(crate) const BARE: Self = Self(bit("sql-bare"));

    /// What a path that was made absolute can no longer do.
    pub(crate) const RAW_PATH: Self = Self(bit("path-raw"));

    /// Returns the kind with the name; `all` is what an input can do harm to,
    /// `sql` also what `sql-bare` is about and `sql-quoted` only what is left
    /// between quotes, `path` also what `path-raw` is about.
    pub(crate) fn named(name: &str) -> Option<Self> {
        match name {
            "sql" => Some(Self(bit("sql") | bit("sql-bare"))),
            "sql-quoted" => Some(Self(bit("sql"))),
            "path" => Some(Self(bit("path") | bit("path-raw"))),
            "all" => Some(Self::INPUT),
            "text" => Some(Self(Self::ALL.0 & !Self::NUMBER)),
            _ => {
                let at = KINDS.iter().position(|kind| kind.0 == name)?;
                Some(Self(1 << at))
            }
        }
    }

    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(crate) fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(crate) fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Returns all kinds but these.
    pub(crate) fn others(self) -> Self {
        Self(!self.0)
    }

    pub(crate) fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Returns whether a stranger's input alone is never of these kinds.
    pub(crate) fn is_special(self) -> bool {
        self.0 & !Self::SPECIAL == 0
    }

    /// Returns the places of the kinds in [`KINDS`].
    pub(crate) fn iter(self) -> impl Iterator<Item = usize> {
        (0..KINDS.len()).filter(move |at| self.0 >> at & 1 == 1)
    }
}

const fn bit(name: &str) -> u64 {
    let mut at = 0;
    while at < KINDS.len() {
        if equal(KINDS[at].0.as_bytes(), name.as_bytes()) {
            return 1 << at;
        }
        at += 1;
    }
    panic!("no such kind");
}

const fn equal(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let mut at = 0;
    while at < a.len() {
        if a[at] != b[at] {
            return false;
        }
        at += 1;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::{KINDS, Kinds};

    #[test]
    fn kinds_have_names_and_bits_of_their_own() {
        assert!(KINDS.len() < 59);
        let several = |name: &str| matches!(name, "sql" | "path");
        for (at, kind) in KINDS.iter().enumerate().filter(|(_, k)| !several(k.0)) {
            assert_eq!(Kinds::named(kind.0), Some(Kinds(1 << at)), "{}", kind.0);
        }
        let sql = Kinds::named("sql").unwrap();
        assert_eq!(
            sql.without(Kinds::BARE),
            Kinds::named("sql-quoted").unwrap()
        );
        assert!(
            Kinds::INPUT
                .of_number()
                .and(Kinds::named("sql").unwrap())
                .is_empty()
        );
    }
}
