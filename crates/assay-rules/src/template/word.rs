//! What the names in a template say of a value, whatever engine it is for: that
//! a request brought it, that it is clean, that the program made it.

/// Where a request's own values are found; a first name or a path's beginning.
const REQUESTS: &str = "\
    params request req cookies query $_GET $_POST $_REQUEST $_COOKIE $_SERVER Request $route \
    param location searchParams @params $request query_params";

/// What of a request the program or the framework decides.
const OWN_PARTS: &str = "\
    csrf_token csrfToken id user locale method is_authenticated controller action nonce \
    session site lang language app contextPath getContextPath getServletPath getRequestURI \
    getRequestURL getServerName getServerPort getScheme getSession getAttribute getLocale \
    getMethod getRemoteUser getUserPrincipal isUserInRole isSecure";

/// Functions, methods and filters whose result is clean, or markup in which they
/// escape themselves.
const CLEAN: &str = "\
    h e escape escapehtml html_escape htmlescape htmlspecialchars htmlentities esc_html \
    esc_attr forceescape force_escape escapejs escape_javascript j encode htmlencode \
    encodeuricomponent encodeuri urlencode url_encode rawurlencode javascriptstringencode \
    escape_once html_escape_once quote_string escapehtmlattr escapeattr xss filterxss \
    cgi_escapehtml escape_html e_html he_encode tohtmlsafe sanitize sanitise sanitizehtml \
    sanitize_html strip_tags clean purify purifier bleach strip_links clean_html cleanhtml \
    dompurify sanitizer kses wp_kses wp_kses_post insane sanitizehtmlstring html_sanitize \
    to_json json_encode tojson json_escape json_script serialize @json to_json_html_safe \
    json_serialize intval count size length len number_format to_i to_f date strftime \
    format_date format_time format_datetime intcomma floatformat number_with_delimiter \
    number_to_currency number_to_human_size distance_of_time_in_words time_ago_in_words \
    time_ago formatdate moment filesizeformat currency money price round tofixed hex md5 sha1 \
    render partial include yield yieldcontent yield_content content_for contentfor block slot \
    super parent capture link_to button_to mail_to link_to_if link_to_unless image_tag tag \
    content_tag label_tag form_with form_for form_tag simple_format safe_join truncate \
    highlight auto_link pagination_links_full will_paginate paginate links csrf_field \
    csrf_token csrf_meta_tags csrf_meta_tag csrfinput hidden_tag hidden_field_tag method_field \
    antiforgerytoken validationsummary asset asset_path asset_url mix vite vite_asset elixir \
    javascript_include_tag stylesheet_link_tag javascript_pack_tag javascript_tag \
    encore_entry_script_tags encore_entry_link_tags url url_for route path action static \
    inline_svg inline_svg_tag svg icon get_flashed_messages view viewcomponent renderpage \
    rendersection renderpartial partialasync renderbody form_row form_widget form_start \
    form_end as_p as_table markdown markdownify md redcarpet commonmark linebreaks \
    linebreaksbr urlize tohtml to_html highlight_code pygments addslashes_js @include \
    nl2br_escaped crispy as_crispy_field as_widget form_errors render_form htmlattributes";

/// Functions that look a text up in the program's own translations, and put values into
/// it as they are.
const TRANSLATIONS: &str = "\
    t l i i18n translate trans transchoice trans_choice __ _ gettext ngettext pgettext $t $tc \
    $te lang @lang localize msg tr choice _e ugettext l10n localizer tc $gettext formatmessage";

/// Functions that give back what they were given, in another shape.
const TRANSPARENT: &str = "\
    raw html_safe safe trim strip rtrim ltrim nl2br str_replace replace replaceall gsub sub \
    join implode concat sprintf vsprintf printf format upper lower uppercase lowercase \
    touppercase tolowercase upcase downcase capitalize title to_s tostring string str \
    html_entity_decode htmlspecialchars_decode ucfirst ucwords strtoupper strtolower slice \
    substr substring default first last merge array squish html markup mark_safe \
    decodeuricomponent unescape decode htmldecode print presence try split reverse \
    optional old value str_html dig fetch get input param get_or_else querystring tocharray \
    striptags truncatewords truncatewords_html wordwrap limit words spaceless apply";

/// Last names of values that are no text.
const NUMBERS: &str = "\
    id count size length index width height total year month day timestamp version created_at \
    updated_at pk";

/// Parts of names that say that the value is markup which the program made or cleaned.
const MARKUP: &str = "\
    html markup rendered sanitized sanitised escaped encoded purified cleaned safe json svg \
    icon widget paginat csrf nonce style css partial template layout _links _tag button \
    field label footer attributes attrs jsonld highlighted markdown snippet form breadcrumb translation \
    config setting";

/// Names of values without an owner that people write all the same. Others that a
/// template is given by themselves the program has made more often than not.
const WRITTEN: &str = "\
    name title comment text bio about description note notes subject username query q search \
    keyword keywords term caption author biography signature answer question review summary";

/// First names of the program's own texts, settings and pictures.
const OWN_ROOTS: &str = "\
    settings setting config i18n strings messages lang site icons htmlWebpackPlugin theme \
    slots errors form field f Form Html";

/// What a request, or its page, is reached through.
const CONTEXTS: &str = "\
    app Context HttpContext ViewContext $page $ window this self ctx";

/// Parts of names of functions that escape, clean or make markup.
const CLEAN_PARTS: &str = "\
    sanitiz sanitis purif escape csrf _tag render link_to _link _path _url pagina _for";

/// Words of languages that are no values.
const KEYWORDS: &str = "\
    true false nil null none new return not in is do end then typeof await as function fn \
    default undefined isset empty this self and or only with";

/// Endings of names that say that the value is no text.
const NUMBER_ENDINGS: &[&str] = &[
    "_id", "_at", "Id", "Index", "count", "Count", "time", "Time",
];

fn has(words: &str, word: &str) -> bool {
    let mut words = words.split_ascii_whitespace();
    words.any(|known| known.eq_ignore_ascii_case(word))
}

fn has_exactly(words: &str, word: &str) -> bool {
    words.split_ascii_whitespace().any(|known| known == word)
}

fn has_part(parts: &str, name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    parts
        .split_ascii_whitespace()
        .any(|part| name.contains(part))
}

/// Whether the word is none of a value.
pub(super) fn is_keyword(word: &str) -> bool {
    has(KEYWORDS, word)
}

/// Whether the path leads to what a request brought.
pub(super) fn is_request(segments: &[&str]) -> bool {
    let Some((first, rest)) = segments.split_first() else {
        return false;
    };
    let is_any = |names: &str| rest.iter().any(|name| has_exactly(names, name));
    let is_own = |name: Option<&&str>| name.is_some_and(|name| has_exactly(OWN_PARTS, name));
    match *first {
        "location" => is_any("hash search href"),
        "$route" => is_any("query params hash fullPath"),
        "query" | "param" => true,
        // `req.user.name` is the program's.
        "req" | "request" | "Request" | "$request" => !rest.is_empty() && !is_own(rest.first()),
        first if has_exactly(REQUESTS, first) => rest.is_empty() || !is_own(rest.first()),
        first if has_exactly(CONTEXTS, first) => {
            let at = rest.iter().position(|name| has_exactly(REQUESTS, name));
            at.is_some_and(|at| is_request(&rest[at..]))
        }
        _ => false,
    }
}

/// Whether what the function gives is clean, or markup in which it escapes itself.
pub(super) fn is_clean(name: &str) -> bool {
    has(CLEAN, name) || has_part(CLEAN_PARTS, name) && !has_part("unescape", name)
}

/// Whether the function looks up a text of the program.
pub(super) fn is_translation(name: &str) -> bool {
    has(TRANSLATIONS, name)
}

/// Whether the function gives back what it is given.
pub(super) fn is_transparent(name: &str) -> bool {
    has(TRANSPARENT, name)
}

/// Whether the method makes a list of what its block gives.
pub(super) fn is_list_maker(name: &str) -> bool {
    matches!(
        name,
        "map" | "collect" | "flat_map" | "filter_map" | "collect_concat"
    )
}

/// Whether a value of that name is no text.
pub(super) fn is_number(name: &str) -> bool {
    has(NUMBERS, name)
        || name.starts_with("Num")
        || NUMBER_ENDINGS.iter().any(|ending| name.ends_with(ending))
}

/// Whether a value of that name is what a person writes: `title`, `user_name`, `postTitle`.
fn is_written(name: &str) -> bool {
    let name = name.trim_start_matches(['$', '@']);
    let start = name.rfind(|c: char| c == '_' || c.is_ascii_uppercase());
    let last = name[start.unwrap_or(0)..].trim_start_matches('_');
    has(WRITTEN, last)
}

/// Whether the path is a value that the program made as markup, by its names.
pub(super) fn is_own_markup(segments: &[&str]) -> bool {
    let (Some(first), Some(last)) = (segments.first(), segments.last()) else {
        return false;
    };
    let plain = |name: &'_ str| name.trim_start_matches(['$', '@']).to_owned();
    let is_constant = |name: &&str| {
        let name = plain(name);
        let is_shouted = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
        name.len() > 1 && name.chars().all(is_shouted)
    };
    has_part(MARKUP, last)
        || segments.iter().any(is_constant)
        || match segments.len() {
            1 => !is_written(last),
            _ => is_translation(first) || has(OWN_ROOTS, &plain(first)),
        }
}
