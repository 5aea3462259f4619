//! # Template puts a value out unescaped
//!
//! A template is told to put a value into the page as it is, and the value is no constant.
//!
//! ## Why it matters
//!
//! Templates escape what they put out, so that a name with `<script>` in it is shown and not run. Whoever takes a
//! value out of that has to know that no user can ever write it. Let the template escape it, or clean the markup
//! where it is put out, with a list of the elements that are allowed.
//!
//! ## What is read
//!
//! ERB, Haml and Slim (`raw`, `html_safe`, `<%==`, `!=`), Blade (`{!! !!}`), Twig (`|raw`), Jinja, Django and
//! Nunjucks (`|safe`, `autoescape off`), EJS (`<%-`), Handlebars and Mustache (`{{{ }}}`), Thymeleaf (`th:utext`),
//! Razor (`Html.Raw`), Go (functions such as `safeHTML`), Phoenix (`raw`), Pug, Mako, Vue (`v-html`),
//! Svelte (`{@html}`) and Astro (`set:html`). JSP escapes nothing: what a request brings (`${param.q}`), and
//! `<c:out escapeXml="false">`. A value that a request brings is high with high confidence;
//! markup that the program makes, by the names (a helper's result, `body_html`), has low confidence.
//!
//! ## Not reported
//!
//! - Constants, numbers, translations into which no value is put, data as JSON.
//! - What a function escapes or cleans (`h`, `e`, `sanitize`, DOMPurify), and the framework's own markup
//!   (`yield`, `render`, `csrf_field`, `form_with`).
//! - Comments of the template, and templates of text, configuration and code.
//!
//! ## References
//!
//! - [CWE-79](https://cwe.mitre.org/data/definitions/79.html): cross-site scripting
//! - [Cross-site scripting prevention](https://cheatsheetseries.owasp.org/cheatsheets/Cross_Site_Scripting_Prevention_Cheat_Sheet.html), OWASP
//!
//! ## Examples
//!
//! ```erb bad path=app/views/users/show.html.erb count=2
//! <h1><%= @user.name %></h1>
//! <p><%= raw @user.bio %></p>
//! <p><%= params[:q].html_safe %></p>
//! ```
//!
//! ```erb good path=app/views/users/show.html.erb
//! <h1><%= @user.name %></h1>
//! <p><%= sanitize @user.bio %></p>
//! <p><%= t("users.hello").html_safe %></p>
//! <%# raw @user.bio %>
//! ```
//!
//! ```blade bad path=resources/views/post.blade.php count=2
//! <p>{!! $post->text !!}</p>
//! <p>{!! __('post.by', ['name' => $post->author]) !!}</p>
//! ```
//!
//! ```blade good path=resources/views/post.blade.php
//! <p>{{ $post->text }}</p>
//! <p>{!! __('post.by', ['name' => e($post->author)]) !!}</p>
//! {!! csrf_field() !!}
//! ```
//!
//! ```jinja bad path=templates/post.html
//! <p>{{ post.text|safe }}</p>
//! ```
//!
//! ```jinja good path=templates/post.html
//! <p>{{ post.text }}</p>
//! <script>const post = {{ post.data|tojson|safe }};</script>
//! ```
//!
//! ```jsp bad path=src/main/webapp/WEB-INF/views/search.jsp count=3
//! <h1>${param.q}</h1>
//! <p><%= request.getParameter("q") %></p>
//! <p><c:out value="${post.text}" escapeXml="false"/></p>
//! ```
//!
//! ```jsp good path=src/main/webapp/WEB-INF/views/search.jsp
//! <h1><c:out value="${param.q}"/></h1>
//! <p>${fn:escapeXml(param.q)}, ${count}</p>
//! <a href="<%= request.getContextPath() %>/posts">${post.title}</a>
//! ```
//!
//! ```vue bad path=src/Post.vue
//! <template><p v-html="post.text"></p></template>
//! ```
//!
//! ```vue good path=src/Post.vue
//! <template><p v-html="$t('post.help')"></p><p v-html="DOMPurify.sanitize(post.text)"></p></template>
//! ```

use assay_finding::{Category, Confidence, Severity};

use crate::context::Context;
use crate::query::is_test_path;
use crate::rule::{Check, RuleSpec};
use crate::template::{Weight, unescaped_outputs};

pub(crate) const RULE: RuleSpec = RuleSpec {
    cwe: &[79],
    tags: &["owasp-a03"],
    confidence: Confidence::Medium,
    ..RuleSpec::new(Category::Security, Severity::Medium, Check::File(check))
};

/// Characters of an expression that a message shows.
const SHOWN_MAX: usize = 60;

fn check(context: &mut Context<'_, '_>) {
    let text = context.text();
    for output in unescaped_outputs(context.path(), text) {
        if output.is_usual && output.weight != Weight::Request {
            continue;
        }
        let what = match output.mechanism {
            "autoescape" => "what stands up to `endautoescape`".to_owned(),
            _ => format!("`{}`", shown(text.slice(output.span))),
        };
        let brought = match output.weight {
            Weight::Request => ", which a request brings,",
            Weight::Own | Weight::Value => "",
        };
        let message = format!(
            "{what}{brought} is put into the page unescaped (`{}`): {}",
            output.mechanism, output.advice
        );
        let is_test = is_test_path(context.path());
        let draft = context.report_span(output.span, message);
        draft.confidence = match output.weight {
            _ if is_test => Confidence::Low,
            Weight::Own => Confidence::Low,
            Weight::Value => Confidence::Medium,
            Weight::Request => Confidence::High,
        };
        if output.weight == Weight::Request {
            draft.severity(Severity::High);
        }
    }
}

fn shown(expression: &str) -> String {
    let mut words = expression.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((at, _)) = words.char_indices().nth(SHOWN_MAX) {
        words.truncate(at);
        words.push('…');
    }
    words
}
