//! Code frames: numbered lines, the changed ones marked, the place underlined.

use crate::finding::{Finding, FrameLine, Related, Severity};
use crate::render::Verbosity;
use crate::render::digest::{FixedLines, main_lines, marked_chars, related_line};
use crate::render::text::{is_hidden, push_visible};

use super::style::{Canvas, Role, char_width};

/// The most related places of a finding, unless verbose.
const RELATED_MAX: usize = 8;
/// The columns between tab stops.
const TAB_COLUMNS: usize = 4;

/// Writes the frame of a finding and the places that belong to it.
pub(super) fn put_frames(canvas: &mut Canvas<'_>, finding: &Finding) {
    let lines = main_lines(finding);
    let related_max = match canvas.options.verbosity {
        Verbosity::Verbose => usize::MAX,
        Verbosity::Normal | Verbosity::Quiet => RELATED_MAX,
    };
    let related: Vec<_> = finding.related.iter().take(related_max).collect();
    let numbers = lines.iter().map(|line| line.number);
    let further = related.iter().map(|related| related.location.start.line);
    let digits = numbers.chain(further).max().unwrap_or(1).to_string().len();
    let mut previous = None;
    for line in &lines {
        if previous.is_some_and(|previous: u32| previous.saturating_add(1) < line.number) {
            let text = format!("    {:>digits$} ", canvas.glyphs.gap);
            canvas.put(Role::Faint, &text);
            canvas.end_line();
        }
        previous = Some(line.number);
        let columns = marked_chars(&finding.location, line.number);
        put_line(canvas, line, digits, columns, Some(finding.severity));
    }
    for (index, related) in related.iter().enumerate() {
        put_related(canvas, finding, related, index + 1, digits);
    }
    let rest = finding.related.len() - related.len();
    if rest > 0 {
        let text = format!(
            "    {} {rest} further places: --verbose",
            canvas.glyphs.ellipsis
        );
        canvas.put(Role::Faint, &text);
        canvas.end_line();
    }
}

fn put_related(
    canvas: &mut Canvas<'_>,
    finding: &Finding,
    related: &Related,
    number: usize,
    digits: usize,
) {
    let location = &related.location;
    let head = format!("  {:>width$}  ", format!("({number})"), width = digits + 2);
    canvas.put(Role::Strong, &head);
    let place = format!(":{}:{}", location.start.line, location.start.column);
    let path_width = super::style::width(&canvas.clean(&location.path.to_display()));
    canvas.put_place(&location.path, &place);
    let at = head.len() + path_width + place.len();
    let message = format!("  {}", canvas.clean(&related.message));
    canvas.put_wrapped(&[(Role::Plain, message)], at, digits + 7);
    if let Some(line) = related_line(finding, related) {
        put_line(
            canvas,
            line,
            digits,
            marked_chars(location, line.number),
            None,
        );
    }
}

/// Writes the lines that a fix takes away and those that it puts there.
pub(super) fn put_fixed_lines(canvas: &mut Canvas<'_>, fixed: &FixedLines) {
    let last = fixed.first.saturating_add(fixed.before.len() as u32);
    let digits = last.to_string().len();
    let mut put = |mark: &str, role: Role, index: usize, text: &str| {
        let number = fixed.first.saturating_add(index as u32);
        let head = format!("  {mark} {number:>digits$} {} ", canvas.glyphs.bar);
        canvas.put(role, &head);
        let cells = cells(text, canvas.options.unicode);
        let room = canvas.width - (digits + 7);
        let (_, last) = window(&cells, None, room, 3);
        put_runs(canvas, &cells[..last], |_, cell| {
            if cell.is_hidden { Role::Warn } else { role }
        });
        if last < cells.len() {
            canvas.put(Role::Faint, canvas.glyphs.ellipsis);
        }
        canvas.end_line();
    };
    for (index, text) in fixed.before.iter().enumerate() {
        put("-", Role::Removed, index, text);
    }
    for (index, text) in fixed.after.iter().enumerate() {
        put("+", Role::Good, index, text);
    }
}

/// One character of a code line as the terminal shows it.
struct Cell {
    text: String,
    width: usize,
    is_hidden: bool,
}

fn cells(text: &str, unicode: bool) -> Vec<Cell> {
    let mut column = 0;
    text.chars()
        .map(|c| {
            let mut text = String::new();
            let mut hidden = false;
            match c {
                '\t' => text.push_str(&" ".repeat(TAB_COLUMNS - column % TAB_COLUMNS)),
                c if is_hidden(c) || (!unicode && !c.is_ascii()) => {
                    push_visible(&mut text, c);
                    hidden = true;
                }
                c => text.push(c),
            }
            let width = text.chars().map(char_width).sum();
            column += width;
            Cell {
                text,
                width,
                is_hidden: hidden,
            }
        })
        .collect()
}

/// Writes one line of code and, for a place with a severity, the underline.
fn put_line(
    canvas: &mut Canvas<'_>,
    line: &FrameLine,
    digits: usize,
    columns: Option<(usize, usize)>,
    severity: Option<Severity>,
) {
    let glyphs = canvas.glyphs;
    canvas.out.push_str("  ");
    let mark = if line.changed { glyphs.changed } else { " " };
    canvas.put(Role::Good, mark);
    canvas.put(
        Role::Faint,
        &format!(" {:>digits$} {} ", line.number, glyphs.bar),
    );
    let gutter = digits + 7;
    let cells = cells(&line.text, canvas.options.unicode);
    let room = canvas.width - gutter;
    let marked = columns.map(|(start, end)| marked_cells(&cells, start, end));
    let (first, last) = window(&cells, marked, room, glyphs.ellipsis.len().min(3));
    if first > 0 {
        canvas.put(Role::Faint, glyphs.ellipsis);
    }
    let is_marked = |index: usize| marked.is_some_and(|(start, end)| (start..end).contains(&index));
    let role_of = |index: usize, cell: &Cell| match (cell.is_hidden, is_marked(index)) {
        (true, _) => Role::Warn,
        (false, true) => Role::Strong,
        (false, false) => Role::Plain,
    };
    put_runs(canvas, &cells[first..last], |at, cell| {
        role_of(first + at, cell)
    });
    if last < cells.len() {
        canvas.put(Role::Faint, glyphs.ellipsis);
    }
    canvas.end_line();
    if let (Some((start, end)), Some(severity)) = (marked, severity) {
        let cut = if first > 0 {
            super::style::width(glyphs.ellipsis)
        } else {
            0
        };
        let before: usize = cells[first..start.clamp(first, last)]
            .iter()
            .map(|c| c.width)
            .sum();
        let under: usize = cells[start.clamp(first, last)..end.clamp(first, last)]
            .iter()
            .map(|c| c.width)
            .sum();
        let blank = format!("  {:>width$} ", "", width = digits + 2);
        canvas.out.push_str(&blank);
        canvas.put(Role::Faint, glyphs.bar);
        canvas.out.push_str(&" ".repeat(1 + cut + before));
        canvas.put(Role::Severity(severity), &glyphs.under.repeat(under.max(1)));
        canvas.end_line();
    }
}

/// Writes cells, those with the same role as one run.
fn put_runs(canvas: &mut Canvas<'_>, cells: &[Cell], role_of: impl Fn(usize, &Cell) -> Role) {
    let mut run = String::new();
    let mut run_role = Role::Plain;
    for (at, cell) in cells.iter().enumerate() {
        let role = role_of(at, cell);
        if std::mem::discriminant(&role) != std::mem::discriminant(&run_role) {
            canvas.put(run_role, &run);
            run.clear();
            run_role = role;
        }
        run.push_str(&cell.text);
    }
    canvas.put(run_role, &run);
}

/// Returns the marked cells inside the line, without white space around them.
fn marked_cells(cells: &[Cell], start: usize, end: usize) -> (usize, usize) {
    let blank = |cell: &Cell| cell.text.trim().is_empty();
    let mut start = start.min(cells.len());
    let mut end = end.clamp(start, cells.len());
    while start < end && blank(&cells[start]) {
        start += 1;
    }
    while start < end && blank(&cells[end - 1]) {
        end -= 1;
    }
    (start, end)
}

/// Returns the cells that are shown of a line that may be too long: those
/// around the marked ones.
fn window(
    cells: &[Cell],
    marked: Option<(usize, usize)>,
    room: usize,
    ellipsis: usize,
) -> (usize, usize) {
    let total: usize = cells.iter().map(|cell| cell.width).sum();
    if total <= room {
        return (0, cells.len());
    }
    let room = room - 2 * ellipsis;
    let (start, end) = marked.unwrap_or((0, 0));
    let upto = |index: usize| cells[..index].iter().map(|cell| cell.width).sum::<usize>();
    let wanted = upto(end).min(upto(start) + room / 2);
    let mut first = 0;
    if wanted > room {
        let context = (room - (wanted - upto(start))) / 2;
        let mut width = 0;
        first = start;
        while first > 0 && width + cells[first - 1].width <= context {
            first -= 1;
            width += cells[first].width;
        }
    }
    let mut last = first;
    let mut width = 0;
    while last < cells.len() && width + cells[last].width <= room {
        width += cells[last].width;
        last += 1;
    }
    (first, last)
}
