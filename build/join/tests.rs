//! Joined files.

use super::*;

const PAGE_TEXT: &str = "<head>\n<script src=\"js/first.js\"></script>\n\
    <link rel=\"stylesheet\" href=\"styles/a.css\">\n<link rel=\"stylesheet\" href=\"styles/b.css\">\n\
    <link rel=\"modulepreload\" href=\"js/early.js\">\n\
    <script type=\"module\" src=\"js/main.js\"></script>\n</head>\n";

fn joined(modules: &[(&str, &str)]) -> Result<BTreeMap<String, String>, String> {
    let mut assets: BTreeMap<_, _> =
        modules.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
    let rest = [
        (PAGE, PAGE_TEXT),
        ("js/first.js", "set();\n"),
        ("js/early.js", "export const EARLY = 1;\n"),
        ("styles/a.css", "/* A */\na { b: c }\n"),
        ("styles/b.css", "d {\n  e: f;\n}\n"),
        ("sw.js", "const VERSION = \"\";\nconst FILES = [];\nkeep();\n"),
    ];
    for (path, text) in rest {
        assets.entry(path.to_owned()).or_insert_with(|| text.to_owned());
    }
    Ok(join(&assets, |_| "v1".to_owned())?.into_iter().collect())
}

#[test]
fn the_page_names_one_style_and_one_script() {
    let files = joined(&[("js/main.js", "start();\n")]).unwrap();
    let names: Vec<_> = files.keys().map(String::as_str).collect();
    assert_eq!(names, ["index.html", "js/main.js", "styles/main.css", "sw.js"]);
    assert_eq!(files["styles/main.css"], "a { b: c }\nd {\ne: f;\n}\n");
    assert_eq!(
        files[PAGE],
        "<head>\n<script src=\"assets/v1/js/first.js\"></script>\n\
         <link rel=\"stylesheet\" href=\"assets/v1/styles/main.css\">\n\
         <script type=\"module\" src=\"assets/v1/js/main.js\"></script>\n</head>\n"
    );
    assert_eq!(
        files["js/main.js"],
        "const $main = (() => {\nstart();\nreturn {  };\n})();\n\
         const $early = (() => {\nconst EARLY = 1;\nreturn { EARLY };\n})();\n"
    );
}

#[test]
fn only_scripts_are_written_tight() {
    let page = "<a href = \"b\">\n";
    assert_eq!(tight(PAGE, page).unwrap(), page);
    assert_eq!(tight("js/a.js", "a = b;\n").unwrap(), "a=b;");
    assert_eq!(tight("js/a.js", "/* a").unwrap_err(), "js/a.js: a comment does not end");
}

#[test]
fn a_module_stands_after_those_that_it_imports_and_once() {
    let files = joined(&[
        ("js/main.js", "import { b } from \"./b.js\";\nimport * as c from \"./c.js\";\nb(c.d);\n"),
        ("js/b.js", "import { d as e } from \"./c.js\";\nexport function b() {}\ne();\n"),
        ("js/c.js", "export const d = new URL(\"x\", import.meta.url);\n"),
    ]);
    let script = &files.unwrap()["js/main.js"];
    assert_eq!(
        script.split("const $early").next().unwrap(),
        "const $c = (() => {\n\
         const d = new URL(\"x\", new URL(\"./c.js\", import.meta.url).href);\n\
         return { d };\n})();\n\
         const $b = (() => {\nconst { d: e } = $c;\nfunction b() {}\ne();\n\
         return { b };\n})();\n\
         const $main = (() => {\nconst { b } = $b;\nconst c = $c;\nb(c.d);\n\
         return {  };\n})();\n"
    );
}

#[test]
fn what_is_loaded_later_is_a_script_of_its_own_and_what_several_need_is_shared() {
    let files = joined(&[
        (
            "js/main.js",
            "import { a } from \"./lib/a.js\";\na([() => import(\"./x/one.js\"), () => \
             import(\"./x/two.js\"), () => import(\"./early.js\")]);\n",
        ),
        ("js/lib/a.js", "export function a() {}\n"),
        (
            "js/x/one.js",
            "import { a } from \"../lib/a.js\";\nimport { s } from \"./s.js\";\nexport class One {}\n\
             a(s);\n",
        ),
        ("js/x/two.js", "import \"./s.js\";\nimport \"./own.js\";\n"),
        ("js/x/s.js", "import { a } from \"../lib/a.js\";\nexport const s = a();\n"),
        ("js/x/own.js", "own();\n"),
    ])
    .unwrap();
    let scripts: Vec<_> = files.keys().filter(|name| name.starts_with("js/")).collect();
    assert_eq!(scripts, ["js/main.js", "js/shared.js", "js/x/one.js", "js/x/two.js"]);
    let main = &files["js/main.js"];
    assert!(main.contains(
        "a([() => Promise.all([import(\"./x/one.js\"), import(\"./shared.js\")]).then(([module]) => \
         module.$x_one), "
    ));
    assert!(main.contains("() => Promise.resolve().then(() => $early)]);"), "{main}");
    assert!(main.ends_with("export { $lib_a };\n"), "{main}");
    assert_eq!(
        files["js/x/one.js"],
        "import { $lib_a } from \"../main.js\";\nimport { $x_s } from \"../shared.js\";\n\
         const $x_one = (() => {\nconst { a } = $lib_a;\nconst { s } = $x_s;\n\
         class One {}\na(s);\nreturn { One };\n})();\nexport { $x_one };\n"
    );
    assert!(files["js/shared.js"].ends_with("return { s };\n})();\nexport { $x_s };\n"));
    assert!(files["js/x/two.js"].contains("const $x_own = "));
}

#[test]
fn what_cannot_be_joined_fails_with_its_file() {
    let why = |modules: &[(&str, &str)]| joined(modules).map(|_| ()).unwrap_err();
    let main = ("js/main.js", "import { a } from \"./a.js\";\n");
    assert_eq!(why(&[main]), "js/a.js does not exist");
    assert_eq!(why(&[main, ("js/a.js", "f();\n")]), "js/main.js: js/a.js does not export a");
    assert_eq!(
        why(&[main, ("js/a.js", "export let a;\n")]),
        "js/a.js: not understood: export let a;"
    );
    let circle = ("js/a.js", "import { b } from \"./b.js\";\nexport const a = b;\n");
    assert_eq!(
        why(&[main, circle, ("js/b.js", "import { a } from \"./a.js\";\nexport const b = a;\n")]),
        "js/a.js imports itself by way of js/main.js, js/a.js, js/b.js"
    );
    let own = [("js/main.js", "f();\n"), ("styles/main.css", "a {}\n")];
    assert_eq!(why(&own), "styles/main.css: the name of a joined file");
}

#[test]
fn the_worker_knows_the_version_and_all_files_that_the_page_fetches() {
    let files = joined(&[
        ("js/main.js", "import(\"./later.js\");\n"),
        ("js/later.js", "go();\n"),
        ("js/unused.js", "no();\n"),
        ("i18n/lazy/en.json", "{}"),
        ("styles/later.css", "a { b: c }"),
        ("docs/main.js", "no();\n"),
        ("favicon.svg", "<svg/>"),
    ]);
    assert_eq!(
        files.unwrap()["sw.js"],
        "const VERSION = \"v1\";\nconst FILES = [\"js/later.js\", \"js/main.js\", \
         \"styles/main.css\", \"i18n/lazy/en.json\", \"js/first.js\", \"styles/later.css\"];\n\
         keep();\n"
    );
    let worker = |text| joined(&[("js/main.js", ""), ("sw.js", text)]).unwrap_err();
    assert_eq!(
        worker("const VERSION = \"\";\n"),
        "sw.js: it must have one line `const FILES = [];`"
    );
    assert!(worker("const FILES = [];\n").contains("const VERSION"));
}
