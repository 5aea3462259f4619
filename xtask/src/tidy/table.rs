//! Reads the tables of `ARCHITECTURE.md` that are law: which floor a crate is
//! on, and which crates may use an outside library.

/// One row of a Markdown table.
pub(super) struct Row<'a> {
    /// The line in the document, from 1.
    pub(super) line: usize,
    /// The cells, trimmed.
    pub(super) cells: Vec<&'a str>,
}

/// Returns the rows of the first table whose header begins with these cells;
/// none when there is no such table.
pub(super) fn find<'a>(document: &'a str, header: &[&str]) -> Option<Vec<Row<'a>>> {
    let mut rows = (1..).zip(document.lines()).map(|(line, text)| Row {
        line,
        cells: cells(text),
    });
    rows.find(|row| row.cells.starts_with(header))?;
    Some(
        rows.skip(1)
            .take_while(|row| !row.cells.is_empty())
            .collect(),
    )
}

fn cells(line: &str) -> Vec<&str> {
    let Some(inner) = line.trim().strip_prefix('|') else {
        return Vec::new();
    };
    let inner = inner.strip_suffix('|').unwrap_or(inner);
    inner.split('|').map(str::trim).collect()
}

/// Returns the words in backticks of a cell.
pub(super) fn quoted(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

#[cfg(test)]
mod tests {
    use super::{find, quoted};

    #[test]
    fn a_table_is_found_by_its_header() {
        let document = "# x\n\n| a | b |\n| - | - |\n| 1 | `x`, `y` |\n| 2 | - |\n\nend | not\n";
        let rows = find(document, &["a", "b"]).expect("there is one");
        let lines: Vec<usize> = rows.iter().map(|row| row.line).collect();
        assert_eq!(lines, [5, 6]);
        assert_eq!(quoted(rows[0].cells[1]).collect::<Vec<_>>(), ["x", "y"]);
        assert!(find(document, &["b"]).is_none());
    }
}
