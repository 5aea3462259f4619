//! Templates in many engines, and what of them is put out as it is.

use assay_source::{RepoPath, SourceText};

use super::{Weight, pages, unescaped_outputs};

/// Checks that the template puts out exactly these expressions.
fn check(path: &str, text: &str, expected: &[(&str, Weight)]) {
    let source = SourceText::from_text(text);
    let found = unescaped_outputs(&RepoPath::from(path), &source);
    let found: Vec<(&str, Weight)> = found
        .iter()
        .map(|output| (source.slice(output.span), output.weight))
        .collect();
    assert_eq!(found, expected, "{path}: {text}");
}

const OWN: Weight = Weight::Own;
const VALUE: Weight = Weight::Value;
const REQUEST: Weight = Weight::Request;

/// A way of putting something out, and what is expected of it.
type Case = (&'static str, &'static [(&'static str, Weight)]);

fn check_all(path: &str, cases: &[Case]) {
    for (text, expected) in cases {
        check(path, text, expected);
    }
}

#[test]
fn ruby_says_raw_or_html_safe() {
    check_all(
        "app/views/a/show.html.erb",
        &[
            ("<%= raw @user.bio %>", &[("@user.bio", VALUE)]),
            ("<%= raw(params[:q]) %>", &[("params[:q]", REQUEST)]),
            ("<%== @post.text %>", &[("@post.text", VALUE)]),
            ("<%= @post.text.html_safe %>", &[("@post.text", VALUE)]),
            (
                "<p><%= link_to raw(item.name), item %></p>",
                &[("item.name", VALUE)],
            ),
            (
                "<%= \"<b>#{item.name}</b>\".html_safe %>",
                &[("\"<b>#{item.name}</b>\"", VALUE)],
            ),
            (
                "<%= t('hello', name: @user.name).html_safe %>",
                &[("t('hello', name: @user.name)", VALUE)],
            ),
            ("<%= raw notice_html %>", &[("notice_html", OWN)]),
            (
                "<%= params[:q] ? raw(a.b) : raw(c.d) %>",
                &[("a.b", VALUE), ("c.d", VALUE)],
            ),
            (
                "<%= @items.map { |item| \"<b>#{item.name}</b>\" }.join.html_safe %>",
                &[("@items.map { |item| \"<b>#{item.name}</b>\" }.join", VALUE)],
            ),
            (
                "<%= raw build_menu(@page) %>",
                &[("build_menu(@page)", OWN)],
            ),
        ],
    );
    check_all(
        "app/views/a/show.html.erb",
        &[
            ("<%= @user.bio %>", &[]),
            ("<%# raw @user.bio %>", &[]),
            ("<%% raw @user.bio %>", &[]),
            ("<%= raw '<br>' %>", &[]),
            ("<%= ('<td></td>' * (level - 1)).html_safe %>", &[]),
            (
                "<%= @items.collect{|item| link_to item.name, item}.join(', ').html_safe %>",
                &[],
            ),
            (
                "<%= raw t('a', name: content_tag(:b) { @user.name }) %>",
                &[],
            ),
            ("<%= \"<b>bold</b>\".html_safe %>", &[]),
            ("<%= t('hello').html_safe %>", &[]),
            ("<%= raw t('.hello', count: @items.count) %>", &[]),
            ("<%= raw sanitize(@user.bio) %>", &[]),
            ("<%= sanitize(@user.bio).html_safe %>", &[]),
            ("<%= raw h(@user.bio) %>", &[]),
            ("<%= \"<b>#{h item.name}</b>\".html_safe %>", &[]),
            ("<%== yield %>", &[]),
            ("<%= raw @data.to_json %>", &[]),
            ("<%= @user.raw %>", &[]),
            ("<%= raw(params[:q] ? 'a' : 'b') %>", &[]),
            ("<%= raw('checked' if item.done) %>", &[]),
            ("<%= safe_join(parts).html_safe %>", &[]),
            ("<%== render 'menu', item: @item %>", &[]),
        ],
    );
    check(
        "app/views/a/mail.text.erb",
        "<%= raw @user.bio %> <br>",
        &[],
    );
    check("puppet/a.conf.erb", "<%= raw x.y %></div>", &[]);
}

#[test]
fn lines_are_read_of_haml_slim_and_pug() {
    check_all(
        "app/views/a.html.haml",
        &[
            ("%p!= @user.bio", &[("@user.bio", VALUE)]),
            (".box{class: a.b}\n  != @user.bio", &[("@user.bio", VALUE)]),
            ("%p= @user.bio.html_safe", &[("@user.bio", VALUE)]),
            ("%p= @user.bio", &[]),
            ("-# != @user.bio\n   != @user.name", &[]),
            ("%p!= render 'a'", &[]),
            ("a != b", &[]),
        ],
    );
    check_all(
        "views/a.slim",
        &[
            ("p == user.bio", &[]),
            ("p== user.bio", &[("user.bio", VALUE)]),
            ("= user.bio", &[]),
        ],
    );
    check_all(
        "views/a.pug",
        &[
            ("p!= user.bio", &[("user.bio", VALUE)]),
            ("p Hello !{user.bio}", &[("user.bio", VALUE)]),
            ("p= user.bio", &[]),
            ("//- p!= user.bio", &[]),
            ("p #{user.bio}", &[]),
            ("if a != b", &[]),
        ],
    );
}

#[test]
fn blade_has_exclamation_marks() {
    check_all(
        "resources/views/a.blade.php",
        &[
            ("{!! $post->text !!}", &[("$post->text", VALUE)]),
            ("{!! $_GET['q'] !!}", &[("$_GET['q']", REQUEST)]),
            ("{!! request('q') !!}", &[("request('q')", REQUEST)]),
            (
                "{!! $request->input('q') !!}",
                &[("$request->input('q')", REQUEST)],
            ),
            (
                "{!! __('a.b', ['name' => $user->name]) !!}",
                &[("__('a.b', ['name' => $user->name])", VALUE)],
            ),
            (
                "{!! '<b>' . $user->name . '</b>' !!}",
                &[("'<b>' . $user->name . '</b>'", VALUE)],
            ),
            (
                "{!! nl2br($user->name) !!}",
                &[("nl2br($user->name)", VALUE)],
            ),
            (
                "{!! $errors->first('name', '<b>:message</b>') !!}",
                &[("$errors->first('name', '<b>:message</b>')", OWN)],
            ),
            (
                "{!! $asset->present()->label() !!}",
                &[("$asset->present()->label()", OWN)],
            ),
        ],
    );
    check_all(
        "resources/views/a.blade.php",
        &[
            ("{{ $post->text }}", &[]),
            ("{{-- {!! $post->text !!} --}}", &[]),
            ("@{!! $post->text !!}", &[]),
            ("{!! csrf_field() !!}", &[]),
            ("{!! __('a.b') !!}", &[]),
            ("{!! trans('a.b', ['name' => e($user->name)]) !!}", &[]),
            ("{!! $posts->links() !!}", &[]),
            ("{!! nl2br(e($user->name)) !!}", &[]),
            ("{!! json_encode($data) !!}", &[]),
            ("{!! $active ? 'on' : 'off' !!}", &[]),
            ("{!! '<b>' . e($user->name) . '</b>' !!}", &[]),
            ("{!! $user->id !!}", &[]),
        ],
    );
}

#[test]
fn filters_say_safe_and_raw() {
    check_all(
        "templates/a.html.twig",
        &[
            ("{{ post.text|raw }}", &[("post.text", VALUE)]),
            (
                "{{ app.request.get('q')|raw }}",
                &[("app.request.get('q')", REQUEST)],
            ),
            (
                "{{ 'a'|trans({'%n%': user.name})|raw }}",
                &[("'a'|trans({'%n%': user.name})", VALUE)],
            ),
            (
                "{% autoescape false %}{{ a.b }}{% endautoescape %}",
                &[("{% autoescape false %}", VALUE)],
            ),
            ("{{ post.text }}", &[]),
            ("{# {{ post.text|raw }} #}", &[]),
            ("{{ 'a'|trans|raw }}", &[]),
            ("{{ post.text|e|raw }}", &[]),
            ("{{ post.text|markdown_to_html|sanitize_html|raw }}", &[]),
            ("{{ include('a.twig')|raw }}", &[]),
            ("{% autoescape false %}text{% endautoescape %}", &[]),
        ],
    );
    check_all(
        "templates/a.html",
        &[
            ("{{ post.text|safe }}", &[("post.text", VALUE)]),
            (
                "{{ request.args.get('q')|safe }}",
                &[("request.args.get('q')", REQUEST)],
            ),
            (
                "{{ post.text | default('') | safe }}",
                &[("post.text | default('')", VALUE)],
            ),
            (
                "{% autoescape off %}{{ a.b }}{% endautoescape %}",
                &[("{% autoescape off %}", VALUE)],
            ),
            ("{% with x=a.b|safe %}", &[("a.b", VALUE)]),
            ("{{ body|safe }}", &[("body", OWN)]),
            ("{{ a.b|my_filter|safe }}", &[("a.b|my_filter", OWN)]),
            ("{{ post.text }}", &[]),
            ("{# {{ post.text|safe }} #}", &[]),
            ("{% comment %}{{ post.text|safe }}{% endcomment %}", &[]),
            ("{{ data|tojson|safe }}", &[]),
            ("{{ form.hidden_tag()|safe }}", &[]),
            ("{{ _('hello')|safe }}", &[]),
            ("{{ 'x'|safe }}", &[]),
            ("{{ a.b|length }} safe", &[]),
        ],
    );
    check("templates/mail.txt.j2", "{{ a.b|safe }}<br>", &[]);
}

#[test]
fn other_engines_have_tags_of_their_own() {
    check_all(
        "views/a.ejs",
        &[
            ("<p><%- user.bio %></p>", &[("user.bio", VALUE)]),
            ("<p><%- req.query.q -%></p>", &[("req.query.q", REQUEST)]),
            ("<p><%= user.bio %></p>", &[]),
            ("<p><%# <%- user.bio %></p>", &[]),
            ("<p><%- include('a', { user: user.bio }) %></p>", &[]),
            ("<p><%- DOMPurify.sanitize(user.bio) %></p>", &[]),
        ],
    );
    check(
        "templates/mail/a.hbs",
        "To {{{user.name}}}<p>{{{user.bio}}}</p>",
        &[("user.bio", VALUE)],
    );
    check("generators/a.java.ejs", "<%- a.b %></p>", &[]);
    check_all(
        "views/a.hbs",
        &[
            ("<p>{{{user.bio}}}</p>", &[("user.bio", VALUE)]),
            ("<p>{{&user.bio}}</p>", &[("user.bio", VALUE)]),
            ("<p>{{{body}}}</p>", &[("body", OWN)]),
            ("<p>{{{postTitle}}}</p>", &[("postTitle", VALUE)]),
            (
                "<p>{{{t 'hello' name=user.name}}}</p>",
                &[("t 'hello' name=user.name", VALUE)],
            ),
            ("<p>{{user.bio}}</p>", &[]),
            ("<p>{{!-- {{{user.bio}}} --}}</p>", &[]),
            ("<p>{{{t 'hello'}}}</p>", &[]),
            ("<p>{{{sanitize user.bio}}}</p>", &[]),
        ],
    );
    check(
        "model.mustache",
        "class A { List<{{{user.type}}}> a; }",
        &[],
    );
    check_all(
        "templates/a.tmpl",
        &[
            (
                "<p>{{ .Post.Text | safeHTML }}</p>",
                &[(".Post.Text", VALUE)],
            ),
            ("<p>{{ SafeHTML .Post.Text }}</p>", &[(".Post.Text", VALUE)]),
            (
                "<p>{{ .i18n.Tr \"a.b\" .Link .Repo.Name | safeHTML }}</p>",
                &[(".i18n.Tr \"a.b\" .Link .Repo.Name", VALUE)],
            ),
            ("<p>{{ .Post.Text }}</p>", &[]),
            ("<p>{{/* .Post.Text | safeHTML */}}</p>", &[]),
            ("<p>{{ \"<b>\" | safeHTML }}</p>", &[]),
        ],
    );
    check_all(
        "templates/b.html",
        &[
            (
                "<p th:utext=\"${post.text}\"></p>",
                &[("${post.text}", VALUE)],
            ),
            (
                "<p th:utext=\"${param.q}\"></p>",
                &[("${param.q}", REQUEST)],
            ),
            ("<p th:text=\"${post.text}\"></p>", &[]),
            ("<p th:utext=\"#{welcome}\"></p>", &[]),
            ("<!-- <p th:utext=\"${post.text}\"></p> -->", &[]),
        ],
    );
    check_all(
        "webapp/a.jsp",
        &[
            ("<p>${post.text}</p>", &[("post.text", VALUE)]),
            ("<p>${param.q}</p>", &[("param.q", REQUEST)]),
            (
                "<p><%= request.getParameter(\"q\") %></p>",
                &[("request.getParameter(\"q\")", REQUEST)],
            ),
            (
                "<c:out value='${post.text}' escapeXml='false'/>",
                &[("post.text", VALUE)],
            ),
            ("<c:out value=\"${param.q}\"/>", &[]),
            ("<p>${fn:escapeXml(param.q)}</p>", &[]),
            (
                "<a href=\"<%= request.getContextPath() %>/a\">",
                &[("request.getContextPath()", OWN)],
            ),
            ("<c:if test=\"${param.q > 1}\">", &[]),
            ("<p>\\${param.q}</p><%-- ${param.q} --%>", &[]),
            ("<% String q = request.getParameter(\"q\"); %>", &[]),
        ],
    );
    check_all(
        "Views/A.cshtml",
        &[
            ("<p>@Html.Raw(Model.Text)</p>", &[("Model.Text", VALUE)]),
            (
                "<p>@Html.Raw(Request.Query[\"q\"])</p>",
                &[("Request.Query[\"q\"]", REQUEST)],
            ),
            ("<p>@Model.Text</p>", &[]),
            ("@* @Html.Raw(Model.Text) *@", &[]),
            ("@Html.Raw(\"<br>\")", &[]),
            ("@Html.Raw(Json.Serialize(Model))", &[]),
        ],
    );
    check_all(
        "a/b.vue",
        &[
            ("<p v-html=\"post.text\"></p>", &[("post.text", VALUE)]),
            (
                "<p v-html='$route.query.q'></p>",
                &[("$route.query.q", REQUEST)],
            ),
            (
                "<p v-html=\"$t('a', { name: user.name })\"></p>",
                &[("$t('a', { name: user.name })", VALUE)],
            ),
            ("<p v-html=\"$t('a')\"></p>", &[]),
            ("<p v-html=\"DOMPurify.sanitize(post.text)\"></p>", &[]),
            ("<p v-text=\"post.text\"></p>", &[]),
            ("<!-- <p v-html=\"post.text\"></p> -->", &[]),
        ],
    );
    check_all(
        "a/b.svelte",
        &[
            ("<p>{@html post.text}</p>", &[("post.text", VALUE)]),
            (
                "<p>{@html `<b>${post.text}</b>`}</p>",
                &[("`<b>${post.text}</b>`", VALUE)],
            ),
            ("<p>{@html purify(post.text)}</p>", &[]),
            ("<p>{@html '<br>'}</p>", &[]),
            ("<p>{post.text}</p>", &[]),
        ],
    );
    check_all(
        "a/b.heex",
        &[
            ("<p><%= raw(@post.text) %></p>", &[("@post.text", VALUE)]),
            ("<p>{raw(@post.text)}</p>", &[("@post.text", VALUE)]),
            (
                "<p><%= @post.text |> raw() %></p>",
                &[("@post.text", VALUE)],
            ),
            ("<p><%= @post.text %></p>", &[]),
        ],
    );
}

#[test]
fn no_text_makes_it_panic() {
    let pieces = [
        "<%=", "%>", "raw(", "{{", "}}", "|safe", "\"", "#{", "$", "ü", "{!!", "!!}", "v-html=",
        "{@html", "[(", ".", "|", "?", ")",
    ];
    let paths = [
        "a.html.erb",
        "a.html",
        "a.blade.php",
        "a.hbs",
        "a.svelte",
        "a.haml",
        "a.tmpl",
        "a.cshtml",
        "a.pug",
    ];
    for (at, first) in pieces.iter().enumerate() {
        for (other, second) in pieces.iter().enumerate() {
            let third = pieces[(at * 7 + other * 3) % pieces.len()];
            let text = format!("<p>{first} a{second}{third}{second}b </p>{third}");
            for path in paths {
                unescaped_outputs(&RepoPath::from(path), &SourceText::from_text(&text));
            }
        }
    }
}

/// Checks what a template has of variables and includes, in short.
fn check_links(path: &str, text: &str, variables: &[(&str, &str)], includes: &[&str]) {
    let source = SourceText::from_text(text);
    let pages = pages(&RepoPath::from(path), &source);
    let page = &pages[0];
    let set: Vec<(&str, String)> = page
        .variables
        .iter()
        .map(|variable| {
            let names = variable.values.iter().map(|names| names.join("."));
            let value = names.collect::<Vec<_>>().join(" ");
            (variable.name.unwrap_or(""), value)
        })
        .collect();
    let set: Vec<(&str, &str)> = set.iter().map(|(name, value)| (*name, &**value)).collect();
    assert_eq!(set, variables, "{text}");
    let names: Vec<&str> = page.includes.iter().map(|include| include.name).collect();
    assert_eq!(names, includes, "{text}");
}

#[test]
fn variables_and_includes_lead_on() {
    check_links(
        "templates/a.html",
        "{% for a, b in posts %}{{ b|safe }}{% endfor %}{% set c = d.e %}{% include \"x/y.html\" %}<p></p>",
        &[("b", "posts"), ("c", "d.e")],
        &["x/y.html"],
    );
    check_links(
        "views/a.blade.php",
        "@foreach ($posts as $key => $post) {!! $post->text !!} @endforeach @include('a.b')",
        &[("post", "$posts")],
        &["a.b"],
    );
    check_links(
        "app/views/a.html.erb",
        "<% @posts.each do |post| %><%= raw post.text %><% end %><%= render 'part', a: @b %>",
        &[("post", "@posts")],
        &["part"],
    );
    check_links(
        "views/a.ejs",
        "<p></p><% for (const post of posts) { %><%- post.text %><% } %><%- include('b') %>",
        &[("post", "posts")],
        &["b"],
    );
    check_links(
        "a.cshtml",
        "@foreach (var post in Model.Posts) { @Html.Raw(post.Text) } <partial name=\"_B\" />",
        &[("post", "Model.Posts")],
        &["_B"],
    );
}
