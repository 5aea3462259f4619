//! Formats of C: what `printf` puts where.

/// A part of a format.
#[derive(Debug, PartialEq)]
pub(super) enum Piece {
    /// Text that is printed as it is.
    Text(String),
    /// An argument.
    Argument {
        /// Arguments before it that say how wide it is.
        stars: usize,
        /// How much of it is printed at most.
        precision: Option<i64>,
        /// The letter that says how.
        conversion: char,
    },
}

/// Returns the parts of a format.
pub(super) fn pieces(format: &str) -> Vec<Piece> {
    let mut found = Vec::new();
    let mut text = String::new();
    let mut chars = format.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            text.push(c);
            continue;
        }
        let spec: String = {
            let mut spec = String::new();
            for c in chars.by_ref() {
                spec.push(c);
                // Letters that say how long a number is go before the conversion.
                let is_length = matches!(c, 'l' | 'h' | 'z' | 'j' | 't' | 'q' | 'L');
                if c == '%' || c.is_ascii_alphabetic() && !is_length {
                    break;
                }
            }
            spec
        };
        let Some(conversion) = spec.chars().last() else {
            break;
        };
        if conversion == '%' {
            text.push('%');
            continue;
        }
        if !text.is_empty() {
            found.push(Piece::Text(std::mem::take(&mut text)));
        }
        let digits =
            |part: &str| -> String { part.chars().take_while(char::is_ascii_digit).collect() };
        found.push(Piece::Argument {
            stars: spec.matches('*').count(),
            precision: spec
                .split_once('.')
                .and_then(|(_, rest)| digits(rest).parse().ok()),
            conversion,
        });
    }
    if !text.is_empty() {
        found.push(Piece::Text(text));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{Piece, pieces};

    #[test]
    fn formats_are_taken_apart() {
        let argument = |stars, precision, conversion| Piece::Argument {
            stars,
            precision,
            conversion,
        };
        let text = |text: &str| Piece::Text(text.to_owned());
        for (format, expected) in [
            ("a%sb", vec![text("a"), argument(0, None, 's'), text("b")]),
            ("%-10.20s", vec![argument(0, Some(20), 's')]),
            (
                "%lu%%%.*s",
                vec![argument(0, None, 'u'), text("%"), argument(1, None, 's')],
            ),
            ("100%", vec![text("100")]),
            ("", vec![]),
        ] {
            assert_eq!(pieces(format), expected, "{format}");
        }
    }
}
