//! The two small languages of format strings: `"%s" % x` and
//! `"{}".format(x)`. A string that is written out is taken apart, so that what
//! goes in between is known.

/// A part of a format string.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Text(String),
    /// A place for a value: which one, the members that are taken of it, and
    /// how it is shown.
    Value {
        of: Which,
        members: Vec<Member>,
        shown: Shown,
    },
}

/// Which value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Which {
    At(usize),
    Named(String),
}

/// A member that a format string takes of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Member {
    Attribute(String),
    Key(String),
    At(i64),
}

/// How a value is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    Text,
    Number,
    /// With its quotes and escapes.
    Repr,
}

/// Takes apart what stands left of `%`; `None` when the format depends on its
/// values.
pub(super) fn percent(text: &str) -> Option<Vec<Piece>> {
    let mut pieces = Vec::new();
    let mut own = String::new();
    let mut next = 0;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '%' {
            own.push(c);
            continue;
        }
        if chars.peek() == Some(&'%') {
            chars.next();
            own.push('%');
            continue;
        }
        let mut name = None;
        if chars.peek() == Some(&'(') {
            chars.next();
            let mut key = String::new();
            loop {
                match chars.next()? {
                    ')' => break,
                    c => key.push(c),
                }
            }
            name = Some(key);
        }
        while let Some(&c) = chars.peek() {
            if !matches!(c, '#' | '0'..='9' | '-' | ' ' | '+' | '.' | 'h' | 'l' | 'L') {
                break;
            }
            chars.next();
        }
        let shown = shown_by(chars.next()?)?;
        flush(&mut own, &mut pieces);
        let of = match name {
            Some(name) => Which::Named(name),
            None => {
                next += 1;
                Which::At(next - 1)
            }
        };
        pieces.push(Piece::Value {
            of,
            members: Vec::new(),
            shown,
        });
    }
    flush(&mut own, &mut pieces);
    Some(pieces)
}

fn shown_by(conversion: char) -> Option<Shown> {
    Some(match conversion {
        's' => Shown::Text,
        'r' | 'a' => Shown::Repr,
        'd' | 'i' | 'o' | 'u' | 'x' | 'X' | 'e' | 'E' | 'f' | 'F' | 'g' | 'G' => Shown::Number,
        'c' => Shown::Text,
        _ => return None,
    })
}

fn flush(own: &mut String, pieces: &mut Vec<Piece>) {
    if !own.is_empty() {
        pieces.push(Piece::Text(std::mem::take(own)));
    }
}

/// Takes apart what `format` is called on; `None` when the format depends on
/// its values.
pub(super) fn braces(text: &str) -> Option<Vec<Piece>> {
    let mut pieces = Vec::new();
    let mut own = String::new();
    let mut next = 0;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let is_double = chars.peek() == Some(&c);
        match c {
            '{' | '}' if is_double => {
                chars.next();
                own.push(c);
            }
            '}' => return None,
            '{' => {
                let mut field = String::new();
                loop {
                    match chars.next()? {
                        '}' => break,
                        '{' => return None,
                        c => field.push(c),
                    }
                }
                flush(&mut own, &mut pieces);
                pieces.push(field_of(&field, &mut next)?);
            }
            c => own.push(c),
        }
    }
    flush(&mut own, &mut pieces);
    Some(pieces)
}

fn field_of(field: &str, next: &mut usize) -> Option<Piece> {
    let (rest, spec) = field.split_once(':').unwrap_or((field, ""));
    let (path, conversion) = rest.split_once('!').unwrap_or((rest, ""));
    let end = path.find(['.', '[']).unwrap_or(path.len());
    let (first, mut rest) = path.split_at(end);
    let of = match first {
        "" => {
            *next += 1;
            Which::At(*next - 1)
        }
        first => match first.parse() {
            Ok(at) => Which::At(at),
            Err(_) => Which::Named(first.to_owned()),
        },
    };
    let mut members = Vec::new();
    while !rest.is_empty() {
        if let Some(inner) = rest.strip_prefix('[') {
            let (key, more) = inner.split_once(']')?;
            members.push(match key.parse() {
                Ok(at) => Member::At(at),
                Err(_) => Member::Key(key.to_owned()),
            });
            rest = more;
        } else {
            let inner = rest.strip_prefix('.')?;
            let end = inner.find(['.', '[']).unwrap_or(inner.len());
            members.push(Member::Attribute(inner[..end].to_owned()));
            rest = &inner[end..];
        }
    }
    Some(Piece::Value {
        of,
        members,
        shown: match conversion {
            "r" | "a" => Shown::Repr,
            _ => shown_as(spec),
        },
    })
}

/// Returns how a format specifier shows a value: `.2f`, `>10`, `08x`.
pub(super) fn shown_as(spec: &str) -> Shown {
    match spec.chars().last() {
        Some('d' | 'b' | 'o' | 'x' | 'X' | 'e' | 'E' | 'f' | 'F' | 'g' | 'G' | 'n' | '%')
            if !spec.contains(['-', '/']) =>
        {
            Shown::Number
        }
        _ => Shown::Text,
    }
}

#[cfg(test)]
mod tests {
    use super::{Member, Piece, Shown, Which, braces, percent, shown_as};

    fn value(of: Which, members: Vec<Member>, shown: Shown) -> Piece {
        Piece::Value { of, members, shown }
    }

    fn text(text: &str) -> Piece {
        Piece::Text(text.to_owned())
    }

    #[test]
    fn percent_formats_are_taken_apart() {
        let pieces = percent("a %s 100%% %-5.2d %(key)r").unwrap();
        assert_eq!(
            pieces,
            [
                text("a "),
                value(Which::At(0), vec![], Shown::Text),
                text(" 100% "),
                value(Which::At(1), vec![], Shown::Number),
                text(" "),
                value(Which::Named("key".to_owned()), vec![], Shown::Repr),
            ]
        );
        for wrong in ["%", "%*d", "%(x", "%q"] {
            assert_eq!(percent(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn brace_formats_are_taken_apart() {
        let pieces = braces("{{x}} {} {0.name} {user[id]!r:>5} {:d}").unwrap();
        assert_eq!(
            pieces,
            [
                text("{x} "),
                value(Which::At(0), vec![], Shown::Text),
                text(" "),
                value(
                    Which::At(0),
                    vec![Member::Attribute("name".to_owned())],
                    Shown::Text
                ),
                text(" "),
                value(
                    Which::Named("user".to_owned()),
                    vec![Member::Key("id".to_owned())],
                    Shown::Repr
                ),
                text(" "),
                value(Which::At(1), vec![], Shown::Number),
            ]
        );
        for wrong in ["{", "}", "{a{b}}", "{a[}"] {
            assert_eq!(braces(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn specifiers_of_dates_are_no_numbers() {
        assert_eq!(shown_as("%Y-%m-%d"), Shown::Text);
        assert_eq!(shown_as(".2f"), Shown::Number);
    }
}
