//! Reads the steps of a migration from SQL.

use assay_source::Span;

use super::token::{Token, TokenKind, tokens};
use super::{Action, Dialect, NewColumn, NewDefault, Rewrite, Step};

/// Functions whose value is another one for each row.
const VOLATILE: &[&str] = &[
    "RANDOM",
    "RAND",
    "GEN_RANDOM_UUID",
    "UUID_GENERATE_V4",
    "UUID_GENERATE_V1",
    "UUID",
    "NEWID",
    "CLOCK_TIMESTAMP",
    "TIMEOFDAY",
    "NEXTVAL",
];

/// Reads a text that begins at the offset of its file.
pub(super) fn read(text: &str, offset: u32, steps: &mut Vec<Step>) -> Dialect {
    let all = tokens(text, offset);
    let mut is_back = false;
    for statement in split(&all) {
        for token in statement {
            match token.kind {
                TokenKind::Down => is_back = true,
                TokenKind::Up => is_back = false,
                _ => {}
            }
        }
        if !is_back {
            Reader::new(statement).statement(steps);
        }
    }
    dialect(&all)
}

/// Tells the dialect by words that only one of them has.
fn dialect(all: &[Token<'_>]) -> Dialect {
    for (at, token) in all.iter().enumerate() {
        let word = match token.kind {
            TokenKind::Word => token.text.to_ascii_uppercase(),
            TokenKind::Name if token.quote == '`' => return Dialect::MySql,
            TokenKind::Name if token.quote == '[' => return Dialect::SqlServer,
            TokenKind::Text if token.quote == '$' => return Dialect::Postgres,
            TokenKind::Sign
                if token.text == ":" && all.get(at + 1).is_some_and(|next| next.is(":")) =>
            {
                return Dialect::Postgres;
            }
            _ => continue,
        };
        match word.as_str() {
            "CONCURRENTLY" | "BIGSERIAL" | "SERIAL" | "JSONB" | "TIMESTAMPTZ" | "BYTEA"
            | "PLPGSQL" | "GIN" | "INHERITS" => return Dialect::Postgres,
            "AUTO_INCREMENT" | "INNODB" | "MEDIUMTEXT" | "LONGTEXT" | "TINYINT" | "UTF8MB4" => {
                return Dialect::MySql;
            }
            "AUTOINCREMENT" | "PRAGMA" => return Dialect::Sqlite,
            "NVARCHAR" | "DATETIME2" | "SP_RENAME" => return Dialect::SqlServer,
            _ => {}
        }
    }
    Dialect::Unknown
}

/// Cuts at semicolons; the body of a trigger or a procedure stays in one piece.
fn split<'a, 't>(all: &'a [Token<'t>]) -> Vec<&'a [Token<'t>]> {
    let mut statements = Vec::new();
    let mut start = 0;
    let mut depth = 0u32;
    let mut is_routine = false;
    for (at, token) in all.iter().enumerate() {
        if at == start {
            is_routine = is_routine_head(&all[start..]);
            depth = 0;
        }
        if is_routine && token.is("BEGIN") || depth > 0 && token.is("CASE") {
            let closes = at > 0 && all[at - 1].is("END");
            depth += u32::from(!closes);
        } else if depth > 0 && token.is("END") {
            let of_part = all.get(at + 1).is_some_and(|next| {
                ["IF", "LOOP", "WHILE", "REPEAT", "FOR"]
                    .iter()
                    .any(|word| next.is(word))
            });
            depth -= u32::from(!of_part);
        }
        if token.is(";") && depth == 0 || matches!(token.kind, TokenKind::Down | TokenKind::Up) {
            statements.push(&all[start..=at]);
            start = at + 1;
        }
    }
    statements.push(&all[start..]);
    statements
}

fn is_routine_head(rest: &[Token<'_>]) -> bool {
    rest.first().is_some_and(|first| first.is("CREATE"))
        && rest.iter().take(8).any(|token| {
            ["TRIGGER", "FUNCTION", "PROCEDURE", "EVENT", "PACKAGE"]
                .iter()
                .any(|word| token.is(word))
        })
}

struct Reader<'a, 't> {
    tokens: &'a [Token<'t>],
    at: usize,
}

impl<'a, 't> Reader<'a, 't> {
    fn new(tokens: &'a [Token<'t>]) -> Self {
        Self { tokens, at: 0 }
    }

    fn peek(&self) -> Option<&'a Token<'t>> {
        self.tokens.get(self.at)
    }

    fn eat(&mut self, word: &str) -> bool {
        let is = self.peek().is_some_and(|token| token.is(word));
        self.at += usize::from(is);
        is
    }

    fn eat_all(&mut self, words: &[&str]) -> bool {
        let rest = self.tokens.get(self.at..).unwrap_or(&[]);
        let fits =
            rest.len() >= words.len() && words.iter().zip(rest).all(|(word, token)| token.is(word));
        self.at += if fits { words.len() } else { 0 };
        fits
    }

    fn eat_any(&mut self, words: &[&str]) -> bool {
        words.iter().any(|word| self.eat(word))
    }

    fn is_any(&self, words: &[&str]) -> bool {
        self.peek()
            .is_some_and(|token| words.iter().any(|word| token.is(word)))
    }

    fn eat_if_exists(&mut self) {
        let _ = self.eat_all(&["IF", "EXISTS"]) || self.eat_all(&["IF", "NOT", "EXISTS"]);
    }

    /// Returns a name without what it is in.
    fn name(&mut self) -> Option<String> {
        let mut last = None;
        while let Some(token) = self.peek() {
            match token.kind {
                TokenKind::Word | TokenKind::Name | TokenKind::Text => {
                    last = Some(token.text.to_ascii_lowercase());
                    self.at += 1;
                }
                _ => break,
            }
            if !self.eat(".") {
                break;
            }
        }
        last
    }

    fn rest(&self) -> &'a [Token<'t>] {
        self.tokens.get(self.at..).unwrap_or(&[])
    }

    fn span(&self) -> Span {
        let first = self.tokens.iter().find(|token| is_code(token));
        let last = self
            .tokens
            .iter()
            .rev()
            .find(|token| is_code(token) && !token.is(";"));
        match (first, last) {
            (Some(first), Some(last)) => {
                Span::new(first.span.start, last.span.end.max(first.span.end))
            }
            _ => Span::new(0, 0),
        }
    }

    fn statement(mut self, steps: &mut Vec<Step>) {
        let span = self.span();
        let mut push = |action, table: Option<String>| {
            let table = table.unwrap_or_default();
            steps.push(Step {
                action,
                table,
                span,
            });
        };
        while self.peek().is_some_and(|token| !is_code(token)) {
            self.at += 1;
        }
        if self.eat_all(&["ALTER", "TABLE"]) {
            self.alter(steps);
        } else if self.eat_all(&["DROP", "TABLE"]) {
            self.eat_if_exists();
            while let Some(name) = self.name() {
                push(Action::DropTable, Some(name));
                if !self.eat(",") {
                    break;
                }
            }
        } else if self.eat("CREATE") {
            self.create(&mut push);
        } else if self.eat_all(&["RENAME", "TABLE"]) {
            let table = self.name();
            if let (true, Some(new)) = (self.eat("TO"), self.name()) {
                push(Action::RenameTable(new), table);
            }
        } else if self.eat("LOCK") {
            let _ = self.eat_any(&["TABLE", "TABLES"]);
            let _ = self.eat("ONLY");
            push(Action::Lock("LOCK TABLE"), self.name());
        } else if self.eat_all(&["VACUUM", "FULL"]) {
            push(Action::Lock("VACUUM FULL"), self.name());
        } else if self.eat("REINDEX") {
            if !self.rest().iter().any(|token| token.is("CONCURRENTLY")) {
                self.at += 1;
                push(Action::Lock("REINDEX"), self.name());
            }
        } else if self.eat("UPDATE") {
            let _ = self.eat("ONLY");
            let table = self.name();
            let is_all = self.rest().iter().any(|token| token.is("SET")) && !self.has_condition();
            if is_all {
                push(Action::EveryRow("UPDATE"), table);
            }
        } else if self.eat_all(&["DELETE", "FROM"]) {
            let table = self.name();
            if !self.has_condition() {
                push(Action::EveryRow("DELETE"), table);
            }
        } else if self.eat("TRUNCATE") {
            let _ = self.eat("TABLE");
            push(Action::EveryRow("TRUNCATE"), self.name());
        }
    }

    /// Whether a statement is about some of the rows.
    fn has_condition(&self) -> bool {
        self.rest().iter().any(|token| {
            ["WHERE", "LIMIT", "JOIN", "USING"]
                .iter()
                .any(|word| token.is(word))
        })
    }

    fn create(&mut self, push: &mut impl FnMut(Action, Option<String>)) {
        let is_unique = self.eat("UNIQUE");
        if self.eat("INDEX") {
            let is_concurrent = self.eat("CONCURRENTLY");
            while self.peek().is_some() && !self.eat("ON") {
                self.at += 1;
            }
            let _ = self.eat("ONLY");
            let table = self.name();
            push(Action::CreateIndex { is_concurrent }, table);
            return;
        }
        let _ = is_unique;
        while self.eat_any(&[
            "TEMP",
            "TEMPORARY",
            "GLOBAL",
            "LOCAL",
            "UNLOGGED",
            "OR",
            "REPLACE",
        ]) {}
        if self.eat("TABLE") {
            self.eat_if_exists();
            push(Action::CreateTable, self.name());
        }
    }

    fn alter(&mut self, steps: &mut Vec<Step>) {
        self.eat_if_exists();
        let _ = self.eat("ONLY");
        let Some(table) = self.name() else { return };
        let _ = self.eat("*");
        for part in parts(self.rest()) {
            let reader = Reader::new(part);
            let span = reader.span();
            // The first part is read with the words before it.
            let span = Span::new(self.span().start.min(span.start), span.end);
            for action in reader.action() {
                steps.push(Step {
                    action,
                    table: table.clone(),
                    span,
                });
            }
        }
    }

    fn action(mut self) -> Vec<Action> {
        let one = |action: Option<Action>| action.into_iter().collect();
        if self.eat("DROP") {
            let others = [
                "CONSTRAINT",
                "INDEX",
                "PRIMARY",
                "FOREIGN",
                "KEY",
                "CHECK",
                "DEFAULT",
                "PARTITION",
                "NOT",
                "IDENTITY",
            ];
            if self.is_any(&others) {
                return Vec::new();
            }
            let _ = self.eat("COLUMN");
            self.eat_if_exists();
            return one(self.name().map(Action::DropColumn));
        }
        if self.eat("ADD") {
            return self.added();
        }
        if self.eat("RENAME") {
            return one(self.renamed());
        }
        if self.eat("MODIFY") {
            let _ = self.eat("COLUMN");
            return one(self
                .name()
                .map(|name| Action::ChangeType(name, Rewrite::Unlikely)));
        }
        if self.eat("CHANGE") {
            let _ = self.eat("COLUMN");
            let (Some(was), Some(now)) = (self.name(), self.name()) else {
                return Vec::new();
            };
            return vec![match was == now {
                true => Action::ChangeType(was, Rewrite::Unlikely),
                false => Action::RenameColumn(was, now),
            }];
        }
        if self.eat("ALTER") {
            let _ = self.eat("COLUMN");
            let Some(column) = self.name() else {
                return Vec::new();
            };
            if self.eat_all(&["SET", "NOT", "NULL"]) {
                return vec![Action::SetNotNull(column)];
            }
            let said = self.eat("TYPE") || self.eat_all(&["SET", "DATA", "TYPE"]);
            if !said && self.is_any(&["SET", "DROP", "ADD", "RESTART", "RESET"]) {
                return Vec::new();
            }
            let rewrite = self.rewrite(said);
            return vec![Action::ChangeType(column, rewrite)];
        }
        Vec::new()
    }

    /// PostgreSQL keeps the values when a text only becomes longer.
    fn rewrite(&self, is_said: bool) -> Rewrite {
        let rest = self.rest();
        let has_using = rest.iter().any(|token| token.is("USING"));
        let is_text = rest.first().is_some_and(|token| {
            ["TEXT", "VARCHAR", "CHARACTER", "CITEXT"]
                .iter()
                .any(|word| token.is(word))
        });
        match (is_said, has_using, is_text) {
            (_, true, _) => Rewrite::Sure,
            (true, false, false) => Rewrite::Likely,
            _ => Rewrite::Unlikely,
        }
    }

    fn renamed(&mut self) -> Option<Action> {
        if self.is_any(&["CONSTRAINT", "INDEX", "KEY"]) {
            return None;
        }
        if self.eat_any(&["TO", "AS"]) {
            return Some(Action::RenameTable(self.name()?));
        }
        let is_column = self.eat("COLUMN");
        let was = self.name()?;
        match self.eat("TO") {
            true => Some(Action::RenameColumn(was, self.name()?)),
            // MySQL: `RENAME new_name`.
            false if !is_column => Some(Action::RenameTable(was)),
            false => None,
        }
    }

    fn added(mut self) -> Vec<Action> {
        let is_column = self.eat("COLUMN");
        self.eat_if_exists();
        if !is_column && self.eat("(") {
            let inner = self.rest();
            let end = inner.len().saturating_sub(1);
            let columns = parts(&inner[..end]);
            return columns
                .into_iter()
                .filter_map(|part| Reader::new(part).column())
                .map(Action::AddColumn)
                .collect();
        }
        let words = [
            "CONSTRAINT",
            "PRIMARY",
            "FOREIGN",
            "UNIQUE",
            "CHECK",
            "EXCLUDE",
            "INDEX",
            "KEY",
            "FULLTEXT",
            "SPATIAL",
            "PARTITION",
            "PERIOD",
            "VALUE",
        ];
        if !is_column && self.is_any(&words) {
            return self.constraint().into_iter().collect();
        }
        self.column().map(Action::AddColumn).into_iter().collect()
    }

    fn constraint(&mut self) -> Option<Action> {
        if self.eat("CONSTRAINT") {
            let _ = self.name();
        }
        let rest = self.rest();
        let has = |word: &str| rest.iter().any(|token| token.is(word));
        let is_later = rest
            .windows(2)
            .any(|pair| pair[0].is("NOT") && pair[1].is("VALID"));
        let by_index = rest
            .windows(2)
            .any(|pair| pair[0].is("USING") && pair[1].is("INDEX"));
        if is_later || by_index {
            return None;
        }
        let first = rest.first()?;
        let word = if first.is("FOREIGN") {
            "foreign key"
        } else if first.is("CHECK") {
            "check"
        } else if first.is("UNIQUE") {
            "unique"
        } else if first.is("PRIMARY") && has("KEY") {
            "primary key"
        } else {
            return None;
        };
        Some(Action::AddConstraint(word))
    }

    fn column(mut self) -> Option<NewColumn> {
        let name = self.name()?;
        let rest = self.rest();
        let pair = |first: &str, second: &str| {
            rest.windows(2)
                .any(|pair| pair[0].is(first) && pair[1].is(second))
        };
        let has = |word: &str| rest.iter().any(|token| token.is(word));
        let numbered = [
            "SERIAL",
            "BIGSERIAL",
            "SMALLSERIAL",
            "AUTO_INCREMENT",
            "IDENTITY",
        ]
        .iter()
        .any(|word| has(word));
        let at = rest.iter().position(|token| token.is("DEFAULT"));
        let default = match at {
            _ if numbered || has("STORED") => NewDefault::Computed,
            // A virtual column holds nothing.
            _ if has("GENERATED") || has("VIRTUAL") => NewDefault::Constant,
            Some(at) => {
                let value = rest.get(at + 1..).unwrap_or(&[]);
                let is_null = value.first().is_some_and(|token| token.is("NULL"));
                let is_volatile = value.iter().take(4).any(|token| {
                    token.kind == TokenKind::Word
                        && VOLATILE.contains(&token.text.to_ascii_uppercase().as_str())
                });
                match (is_null, is_volatile) {
                    (true, _) => NewDefault::None,
                    (_, true) => NewDefault::Computed,
                    _ => NewDefault::Constant,
                }
            }
            None => NewDefault::None,
        };
        Some(NewColumn {
            name,
            is_required: pair("NOT", "NULL") || pair("PRIMARY", "KEY") && !numbered,
            default,
        })
    }
}

fn is_code(token: &Token<'_>) -> bool {
    !matches!(token.kind, TokenKind::Down | TokenKind::Up)
}

/// Cuts at commas that are in no brackets.
fn parts<'a, 't>(all: &'a [Token<'t>]) -> Vec<&'a [Token<'t>]> {
    let mut found = Vec::new();
    let (mut start, mut depth) = (0, 0i32);
    for (at, token) in all.iter().enumerate() {
        match token.text {
            "(" if token.kind == TokenKind::Sign => depth += 1,
            ")" if token.kind == TokenKind::Sign => depth -= 1,
            "," if token.kind == TokenKind::Sign && depth == 0 => {
                found.push(&all[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    found.push(&all[start..]);
    found
}
