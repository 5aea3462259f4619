//! Runs the parser with limits, stops it between two of its steps, and lets it
//! go on from there, heard or unheard: the parser tells what it does about
//! errors only to a logger, which costs several times the parsing.

use std::cell::Cell;
use std::ops::ControlFlow;

use tree_sitter::{LogType, ParseOptions, ParseState, Parser, Tree};

/// The parser asks for leave once in so many of its operations
/// (`OP_COUNT_PER_PARSER_CALLBACK_CHECK` in tree-sitter).
pub(crate) const STEPS_PER_CALLBACK: u64 = 100;

/// The parser gets the text in pieces of this size, to count what it reads.
const PIECE_BYTES: usize = 256;

/// What a run of the parser is given, and how much work it may be.
#[derive(Clone, Copy)]
pub(crate) struct Task<'a> {
    pub(crate) bytes: &'a [u8],
    /// What the parser reads behind the bytes.
    pub(crate) after: &'static [u8],
    pub(crate) steps_max: u64,
    pub(crate) reads_max: u64,
    pub(crate) interrupt: Option<fn(u64) -> bool>,
    /// The steps of earlier runs for the same text, for `interrupt`.
    pub(crate) steps_before: u64,
}

/// One run of the parser over a text.
pub(crate) struct Run<'a> {
    task: Task<'a>,
    pub(crate) steps: u64,
    reads: Cell<u64>,
    pub(crate) interrupted: bool,
}

/// Where a run stands when the parser came back.
pub(crate) enum Stand {
    Done(Tree),
    /// The parser is near this byte and can go on.
    Paused(usize),
    /// A limit was hit; nothing is left of the run.
    GivenUp,
}

thread_local! {
    static HEARD: Cell<Heard> = const { Cell::new(Heard { errors: 0, choices: 0 }) };
}

/// What the parser told the logger.
#[derive(Clone, Copy, Default)]
pub(crate) struct Heard {
    /// Errors that it met.
    pub(crate) errors: u64,
    /// Choices between two trees for the same text.
    pub(crate) choices: u64,
}

/// Makes the parser tell from now on what [`heard`] counts.
pub(crate) fn listen(parser: &mut Parser) {
    HEARD.set(Heard::default());
    parser.set_logger(Some(Box::new(|kind, message| {
        if kind == LogType::Parse {
            let mut heard = HEARD.get();
            heard.errors += u64::from(message.starts_with("detect_error"));
            heard.choices += u64::from(message.starts_with("select_"));
            HEARD.set(heard);
        }
    })));
}

/// Ends what [`listen`] began and returns what was told.
pub(crate) fn heard(parser: &mut Parser) -> Heard {
    parser.set_logger(None);
    HEARD.get()
}

impl<'a> Run<'a> {
    pub(crate) fn new(task: Task<'a>) -> Self {
        Self {
            task,
            steps: 0,
            reads: Cell::new(0),
            interrupted: false,
        }
    }

    /// Begins the run or goes on with it until `pauses` says so, which is asked
    /// with the steps and the place.
    pub(crate) fn go(
        &mut self,
        parser: &mut Parser,
        mut pauses: impl FnMut(u64, usize) -> bool,
    ) -> Stand {
        let Self {
            task,
            steps,
            reads,
            interrupted,
        } = self;
        let mut paused = None;
        let mut progress = |state: &ParseState| {
            *steps += STEPS_PER_CALLBACK;
            let all = task.steps_before + *steps;
            *interrupted |= task.interrupt.is_some_and(|interrupt| interrupt(all));
            let is_over = *steps > task.steps_max || reads.get() > task.reads_max;
            if !*interrupted && !is_over {
                let at = state.current_byte_offset();
                paused = pauses(*steps, at).then_some(at);
                if paused.is_none() {
                    return ControlFlow::Continue(());
                }
            }
            ControlFlow::Break(())
        };
        let bytes = task.bytes;
        let tree = parser.parse_with_options(
            &mut |at, _| {
                reads.set(reads.get() + PIECE_BYTES as u64);
                // Without text the lexer stops at once, and then the parser does.
                if at > bytes.len() || reads.get() > task.reads_max {
                    return &bytes[..0];
                }
                if at == bytes.len() {
                    return task.after;
                }
                &bytes[at..bytes.len().min(at + PIECE_BYTES)]
            },
            None,
            Some(ParseOptions::new().progress_callback(&mut progress)),
        );
        match (tree, paused) {
            // A text that seemed to end early has a tree that means nothing.
            (Some(tree), _) if reads.get() <= task.reads_max => Stand::Done(tree),
            (None, Some(at)) => Stand::Paused(at),
            _ => {
                parser.reset();
                Stand::GivenUp
            }
        }
    }
}
