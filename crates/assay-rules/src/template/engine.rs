//! The engines as data: endings of files, tags, and the words by which each of
//! them is told not to escape a value.

/// An engine of templates.
pub(super) struct Engine {
    /// Endings of the files, lower case.
    pub(super) endings: &'static [&'static str],
    /// Whether its templates make anything, not only pages.
    pub(super) is_of_any_text: bool,
    /// The language of the programs that fill its templates, by its id; none when
    /// they are filled in the browser.
    pub(super) language: Option<&'static str>,
    pub(super) tags: &'static [Tag],
    /// How lines are read that are tags by themselves.
    pub(super) lines: Option<Lines>,
    pub(super) syntax: Syntax,
    pub(super) advice: &'static str,
}

/// What the expressions of an engine look like, where that matters.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Syntax {
    /// Calls have brackets.
    Plain,
    /// `link_to name, path`: a call may do without brackets.
    Ruby,
    /// `helper value key=value`: calls have no brackets at all.
    Words,
    /// What such a call is given: one value after the other.
    Given,
    /// Values stand in `${...}`; the rest is text.
    Holes,
}

/// A tag, by its opener.
pub(super) struct Tag {
    pub(super) open: &'static str,
    pub(super) close: Close,
    pub(super) output: Output,
}

/// Where a tag ends.
#[derive(Clone, Copy)]
pub(super) enum Close {
    /// At this text.
    Text(&'static str),
    /// At the quote that follows its first character, which is one.
    Quote,
    /// At the bracket that closes the one that its opener ends with.
    Bracket,
}

/// What becomes of what a tag holds.
#[derive(Clone, Copy)]
pub(super) enum Output {
    /// It is left out, or shown as it is written.
    Nothing,
    /// It is put out as it is; the mechanism as a person would name it.
    Raw(&'static str),
    /// The same, where that is the usual way: such pages are full of it, so that it
    /// says something only when a stranger's value is known to stand there.
    Usual(&'static str),
    /// It is escaped, but for what these ways take out of it.
    Escaped(&'static [Bypass]),
    /// It is run; it may switch the escaping off.
    Statement(&'static [Bypass]),
}

/// How a value is taken out of the escaping.
pub(super) enum Bypass {
    /// `raw(x)`, `raw x`.
    Function(&'static str),
    /// `x.html_safe`.
    Method(&'static str),
    /// `x|safe`: of the value before it.
    Filter(&'static str),
    /// `a b | safe`: of everything before it.
    Pipe(&'static str),
    /// `<out value="${x}" escape="false">`: of the values of the element.
    Attribute(&'static str),
}

/// Lines that are tags: Haml, Slim and Pug.
pub(super) struct Lines {
    /// What opens a comment.
    pub(super) comments: &'static [&'static str],
    /// What puts out a value as it is, after the head of the line.
    pub(super) raw: &'static str,
    /// What opens code, after the head of the line.
    pub(super) code: &'static [&'static str],
    pub(super) ways: &'static [Bypass],
}

const fn tag(open: &'static str, close: &'static str, output: Output) -> Tag {
    let close = Close::Text(close);
    Tag {
        open,
        close,
        output,
    }
}

const fn raw(open: &'static str, close: &'static str, mechanism: &'static str) -> Tag {
    tag(open, close, Output::Raw(mechanism))
}

const fn skipped(open: &'static str, close: &'static str) -> Tag {
    tag(open, close, Output::Nothing)
}

const fn attribute(open: &'static str, mechanism: &'static str) -> Tag {
    let (close, output) = (Close::Quote, Output::Raw(mechanism));
    Tag {
        open,
        close,
        output,
    }
}

const fn bracketed(open: &'static str, mechanism: &'static str) -> Tag {
    let (close, output) = (Close::Bracket, Output::Raw(mechanism));
    Tag {
        open,
        close,
        output,
    }
}

const RUBY: &[Bypass] = &[Bypass::Function("raw"), Bypass::Method("html_safe")];
const JINJA: &[Bypass] = &[Bypass::Filter("safe"), Bypass::Function("Markup")];
const TWIG: &[Bypass] = &[Bypass::Filter("raw")];
const ELIXIR: &[Bypass] = &[Bypass::Function("raw"), Bypass::Pipe("raw")];
const MAKO: &[Bypass] = &[Bypass::Pipe("n")];
/// The names that programs give to the function that makes `template.HTML`.
const GO: &[Bypass] = &[
    Bypass::Pipe("safeHTML"),
    Bypass::Pipe("SafeHTML"),
    Bypass::Pipe("safeHtml"),
    Bypass::Pipe("str2html"),
    Bypass::Pipe("unescaped"),
    Bypass::Pipe("noescape"),
    Bypass::Function("safeHTML"),
    Bypass::Function("SafeHTML"),
    Bypass::Function("safeHtml"),
    Bypass::Function("str2html"),
    Bypass::Function("unescaped"),
    Bypass::Function("noescape"),
];

const JSTL: &[Bypass] = &[
    Bypass::Attribute("escapeXml=\"false\""),
    Bypass::Attribute("escapeXml='false'"),
];

const ESCAPE_RUBY: &str = "put it out with `<%= %>` alone, or clean the markup with `sanitize`";
const ESCAPE_VUE: &str = "show it as text with `{{ }}`, or clean the markup first (DOMPurify)";

pub(super) const ENGINES: &[Engine] = &[
    // Rails: only its templates are called `.html.erb`, and elsewhere `<%==`
    // is what escapes.
    Engine {
        endings: &[".html.erb"],
        is_of_any_text: false,
        language: Some("ruby"),
        tags: &[
            skipped("<%#", "%>"),
            skipped("<%%", "%>"),
            raw("<%==", "%>", "<%=="),
            tag("<%=", "%>", Output::Escaped(RUBY)),
            tag("<%", "%>", Output::Escaped(RUBY)),
        ],
        lines: None,
        syntax: Syntax::Ruby,
        advice: ESCAPE_RUBY,
    },
    Engine {
        endings: &[".erb", ".rhtml"],
        is_of_any_text: true,
        language: Some("ruby"),
        tags: &[
            skipped("<%#", "%>"),
            skipped("<%%", "%>"),
            tag("<%", "%>", Output::Escaped(RUBY)),
        ],
        lines: None,
        syntax: Syntax::Ruby,
        advice: ESCAPE_RUBY,
    },
    Engine {
        endings: &[".haml"],
        is_of_any_text: false,
        language: Some("ruby"),
        tags: &[],
        lines: Some(Lines {
            comments: &["-#", "/"],
            raw: "!=",
            code: &["=", "&=", "-", "~"],
            ways: RUBY,
        }),
        syntax: Syntax::Ruby,
        advice: "put it out with `=` alone, or clean the markup with `sanitize`",
    },
    Engine {
        endings: &[".slim"],
        is_of_any_text: false,
        language: Some("ruby"),
        tags: &[],
        lines: Some(Lines {
            comments: &["/"],
            raw: "==",
            code: &["=", "-"],
            ways: RUBY,
        }),
        syntax: Syntax::Ruby,
        advice: "put it out with `=` alone, or clean the markup with `sanitize`",
    },
    Engine {
        endings: &[".pug", ".jade"],
        is_of_any_text: false,
        language: Some("javascript"),
        tags: &[bracketed("!{", "!{}")],
        lines: Some(Lines {
            comments: &["//"],
            raw: "!=",
            code: &[],
            ways: &[],
        }),
        syntax: Syntax::Plain,
        advice: "put it out with `=` or `#{}`, or clean the markup first",
    },
    Engine {
        endings: &[".blade.php"],
        is_of_any_text: false,
        language: Some("php"),
        tags: &[
            skipped("{{--", "--}}"),
            skipped("@verbatim", "@endverbatim"),
            raw("{!!", "!!}", "{!! !!}"),
        ],
        lines: None,
        syntax: Syntax::Plain,
        advice: "put it out with `{{ }}`, or clean the markup first",
    },
    Engine {
        endings: &[".twig"],
        is_of_any_text: true,
        language: Some("php"),
        tags: &[
            skipped("{#", "#}"),
            skipped("{% verbatim %}", "{% endverbatim %}"),
            tag("{{", "}}", Output::Escaped(TWIG)),
            tag("{%", "%}", Output::Statement(TWIG)),
        ],
        lines: None,
        syntax: Syntax::Plain,
        advice: "leave `raw` away, or clean the markup with `sanitize_html`",
    },
    Engine {
        endings: &[
            ".html.j2",
            ".j2",
            ".jinja",
            ".jinja2",
            ".njk",
            ".nunjucks",
            ".tera",
        ],
        is_of_any_text: true,
        language: Some("python"),
        tags: JINJA_TAGS,
        lines: None,
        syntax: Syntax::Plain,
        advice: ESCAPE_JINJA,
    },
    Engine {
        endings: &[".html", ".htm"],
        is_of_any_text: false,
        language: Some("python"),
        tags: JINJA_TAGS,
        lines: None,
        syntax: Syntax::Plain,
        advice: ESCAPE_JINJA,
    },
    Engine {
        endings: &[".html", ".tmpl", ".gohtml", ".tpl"],
        is_of_any_text: true,
        language: Some("go"),
        tags: &[
            skipped("{{/*", "*/}}"),
            skipped("{{- /*", "}}"),
            tag("{{", "}}", Output::Escaped(GO)),
        ],
        lines: None,
        syntax: Syntax::Words,
        advice: "leave it to `html/template` to escape it, or clean the markup first",
    },
    Engine {
        endings: &[".eex", ".leex", ".heex"],
        is_of_any_text: true,
        language: None,
        tags: &[
            skipped("<%#", "%>"),
            skipped("<%!--", "--%>"),
            skipped("<%%", "%>"),
            tag("<%=", "%>", Output::Escaped(ELIXIR)),
            bracketed("{raw(", "raw"),
        ],
        lines: None,
        syntax: Syntax::Plain,
        advice: "leave `raw` away, or clean the markup first",
    },
    Engine {
        endings: &[".ejs"],
        is_of_any_text: true,
        language: Some("javascript"),
        tags: &[
            skipped("<%#", "%>"),
            skipped("<%%", "%>"),
            raw("<%-", "%>", "<%- %>"),
        ],
        lines: None,
        syntax: Syntax::Plain,
        advice: "put it out with `<%= %>`, or clean the markup first",
    },
    Engine {
        endings: &[".hbs", ".handlebars", ".mustache"],
        is_of_any_text: true,
        language: Some("javascript"),
        tags: &[
            skipped("{{!--", "--}}"),
            skipped("{{!", "}}"),
            skipped("{{{{", "}}}}"),
            raw("{{{", "}}}", "{{{ }}}"),
            raw("{{&", "}}", "{{& }}"),
        ],
        lines: None,
        syntax: Syntax::Words,
        advice: "put it out with `{{ }}`, or clean the markup first",
    },
    Engine {
        endings: &[".html"],
        is_of_any_text: false,
        language: Some("java"),
        tags: &[
            skipped("<!--", "-->"),
            attribute("th:utext=", "th:utext"),
            attribute("data-th-utext=", "th:utext"),
            raw("[(", ")]", "[( )]"),
        ],
        lines: None,
        syntax: Syntax::Holes,
        advice: "put it out with `th:text`, or clean the markup first",
    },
    // Elements of tag libraries take values and write what they see fit.
    Engine {
        endings: &[".jsp", ".jspf", ".tag"],
        is_of_any_text: false,
        language: Some("java"),
        tags: &[
            skipped("<%--", "--%>"),
            tag("<%=", "%>", Output::Usual("<%= %>")),
            skipped("<%", "%>"),
            tag("<c:out", ">", Output::Escaped(JSTL)),
            skipped("<c:", ">"),
            skipped("<fmt:", ">"),
            skipped("<form:", ">"),
            skipped("<spring:", ">"),
            skipped("<s:", ">"),
            skipped("<jsp:", ">"),
            skipped("\\${", "}"),
            tag("${", "}", Output::Usual("${ }")),
        ],
        lines: None,
        syntax: Syntax::Plain,
        advice: "put it out with `<c:out>` or `fn:escapeXml`, or clean the markup first",
    },
    Engine {
        endings: &[".cshtml", ".vbhtml", ".razor"],
        is_of_any_text: false,
        language: Some("csharp"),
        tags: &[
            skipped("@*", "*@"),
            bracketed("Html.Raw(", "Html.Raw"),
            bracketed("new HtmlString(", "HtmlString"),
            bracketed("new MarkupString(", "MarkupString"),
            bracketed("(MarkupString)", "MarkupString"),
        ],
        lines: None,
        syntax: Syntax::Plain,
        advice: "put it out with `@` alone, or clean the markup first",
    },
    Engine {
        endings: &[
            ".vue",
            ".html",
            ".blade.php",
            ".html.erb",
            ".html.twig",
            ".cshtml",
        ],
        is_of_any_text: false,
        language: None,
        tags: &[skipped("<!--", "-->"), attribute("v-html=", "v-html")],
        lines: None,
        syntax: Syntax::Plain,
        advice: ESCAPE_VUE,
    },
    Engine {
        endings: &[".svelte"],
        is_of_any_text: false,
        language: None,
        tags: &[
            skipped("<!--", "-->"),
            Tag {
                open: "{@html",
                close: Close::Bracket,
                output: Output::Raw("{@html}"),
            },
        ],
        lines: None,
        syntax: Syntax::Plain,
        advice: "show it as text with `{ }`, or clean the markup first (DOMPurify)",
    },
    Engine {
        endings: &[".astro"],
        is_of_any_text: false,
        language: None,
        tags: &[skipped("<!--", "-->"), bracketed("set:html={", "set:html")],
        lines: None,
        syntax: Syntax::Plain,
        advice: "show it as text with `{ }`, or clean the markup first",
    },
    Engine {
        endings: &[".mako"],
        is_of_any_text: false,
        language: Some("python"),
        tags: &[
            skipped("<%doc>", "</%doc>"),
            tag("${", "}", Output::Escaped(MAKO)),
        ],
        lines: None,
        syntax: Syntax::Plain,
        advice: "leave `n` away, or clean the markup first",
    },
];

const ESCAPE_JINJA: &str = "leave `safe` away, or clean the markup first (nh3, bleach)";

const JINJA_TAGS: &[Tag] = &[
    skipped("{#", "#}"),
    skipped("{% comment %}", "{% endcomment %}"),
    skipped("{% raw %}", "{% endraw %}"),
    skipped("{% verbatim %}", "{% endverbatim %}"),
    tag("{{", "}}", Output::Escaped(JINJA)),
    tag("{%", "%}", Output::Statement(JINJA)),
];
