//! Texts, and queries that match them.

use super::*;

fn finds(query: &str, text: &str) -> bool {
    WordQuery::parse(query).is_some_and(|query| query.is_in(text))
}

#[test]
fn texts_become_words() {
    assert_eq!(index_words("만화책 nginx-1.2"), "만화 화책 책 nginx 1 2");
    assert_eq!(index_words("Çé, ЁЖ! 我爱"), "ce еж 我爱 爱");
    assert_eq!(index_words("배v2포"), "배 v 2 포");
    assert_eq!(index_words("ok👍🏽👍"), "ok 👍 👍");
    assert_eq!(index_words("\"- * ()"), "");
}

#[test]
fn words_of_every_script_are_found() {
    let rows = [
        ("책", "만화책"),
        ("책", "책방"),
        ("书", "我爱读书"),
        ("배포", "재배포를"),
        ("배포", "\u{1107}\u{1162}\u{1111}\u{1169}"),
        ("\u{1107}\u{1162}\u{1111}\u{1169}", "재배포를 하자"),
        ("サーバー", "新しいサーバーです"),
        ("ｻｰﾊﾞｰ", "サーバー"),
        ("2025", "２０２５年"),
        ("２０", "20 %"),
        ("сервер", "На сервере"),
        ("ежик", "Ёжик в тумане"),
        ("й", "й"),
        ("strasse", "Die STRAẞE"),
        ("cafe", "Un café"),
        ("CAFÉ", "cafe\u{301}"),
        ("back", "backups"),
        ("192.168.1.1", "ping 192.168.1.1 now"),
        ("foo-bar", "see foo_bar"),
        ("2.0", "v2.0-rc1"),
        ("rc1", "v2.0-rc1"),
        ("v2.0", "v2.0-rc1"),
        ("user1", "user123"),
        ("a1b2", "commit a1b2c3d4"),
        ("ığdır", "IĞDIR"),
        ("igdir", "Iğdır"),
        ("istanbul", "İSTANBUL"),
        ("\"quoted\"", "so quoted"),
        ("AND", "this and that"),
        ("👍", "well done 👍🏽"),
        ("❤", "❤️"),
        ("ภาษา", "ภาษาไทย"),
        ("हिन्दी", "यह हिन्दी है"),
        ("배v2", "재배v2로"),
        ("server 배포", "재배포 of the Server"),
    ];
    for (query, text) in rows {
        assert!(
            finds(query, text),
            "{query} in {text}: {:?} in {:?}",
            WordQuery::parse(query),
            index_words(text)
        );
    }
}

#[test]
fn other_words_are_not() {
    let rows = [
        ("책방", "만화책 방"),
        ("화만", "만화"),
        ("배포", "배 포"),
        ("и", "й"),
        ("ab", "abc"),
        ("v2", "v25"),
        ("2.0", "2.1"),
        ("192.168.1.1", "192.168.1.10"),
        ("ack", "backups"),
        ("192.168.1.2", "192.168.1.1"),
        ("nginx 배포", "nginx only"),
        ("👍", "👎"),
        ("책책", "책"),
    ];
    for (query, text) in rows {
        assert!(!finds(query, text), "{query} in {text}");
    }
    for nothing in ["", "  ", "\"", "*", "( - )", "\u{200b}"] {
        assert_eq!(WordQuery::parse(nothing), None, "{nothing:?}");
    }
}

#[test]
fn snippets_show_the_first_hit_and_mark_all() {
    let marked = |query: &str, text: &str| {
        let snippet = WordQuery::parse(query).unwrap().snippet(text);
        let chars: Vec<char> = snippet.text.chars().collect();
        let marks = snippet
            .highlights
            .iter()
            .map(|(from, to)| chars[*from..*to].iter().collect::<String>())
            .collect::<Vec<_>>();
        (snippet.text, marks)
    };
    assert_eq!(
        marked("책", "만화책을 책방에서"),
        ("만화책을 책방에서".to_owned(), vec!["책".to_owned(), "책".to_owned()])
    );
    assert_eq!(marked("재배포", "어제 재배포를").1, ["재배포"]);
    assert_eq!(marked("back", "Backups of backs").1, ["Back", "back"]);
    assert_eq!(marked("cafe", "Un cafe\u{301} noir").1, ["cafe\u{301}"]);
    assert_eq!(marked("a b", "a b"), ("a b".to_owned(), vec!["a".to_owned(), "b".to_owned()]));
    let long = format!("{}needle{}", "x ".repeat(200), " y".repeat(200));
    let (text, marks) = marked("needle", &long);
    assert!(
        text.starts_with('…') && text.ends_with('…') && text.chars().count() <= SNIPPET + 2,
        "{text}"
    );
    assert_eq!(marks, ["needle"]);
    let late = format!("{}needle", "x ".repeat(200));
    assert_eq!(marked("needle", &late).1, ["needle"]);
}

#[test]
fn whatever_is_typed_has_an_answer() {
    let hard = [
        "\u{301}",
        "👨‍👩‍👧‍👦",
        "a\u{301}\u{301}\u{301}",
        "\u{feff}",
        "ﷺ",
        "🇰🇷",
        "1️⃣",
        "\u{1f3fd}",
        "ー",
        "\u{e01}\u{e33}",
    ];
    for query in hard {
        for text in hard {
            if let Some(query) = WordQuery::parse(query) {
                let snippet = query.snippet(text);
                assert!(
                    snippet
                        .highlights
                        .iter()
                        .all(|(from, to)| from < to && *to <= snippet.text.chars().count())
                );
            }
        }
    }
}

#[test]
fn a_query_has_a_few_different_words_at_most() {
    let phrases = |text: &str| WordQuery::parse(text).unwrap().phrases().len();
    assert_eq!(phrases(&"a ".repeat(10_000)), 1);
    assert_eq!(phrases("Hello hello HELLO world"), 2);
    assert_eq!(phrases("a b c d e f g h i j k l m"), MAX_PHRASES);
    let words = |text: &str| {
        WordQuery::parse(text)
            .unwrap()
            .phrases()
            .iter()
            .map(|phrase| phrase.words.len())
            .sum::<usize>()
    };
    for long in [
        "가나다라".repeat(40),
        "a-".repeat(100),
        "x.y ".repeat(40),
        format!("{0} {0}하 {0}너", "가나다라".repeat(4)),
    ] {
        assert!(words(&long) <= MAX_WORDS, "{long}");
    }
    // The rest of a truncated query finds everything that the complete one would.
    let sentence = "one two three four five six seven eight nine ten eleven twelve";
    assert!(finds(sentence, sentence));
    let run = "가나다라마바사아자차카타파하거너더러머버서어저처커터퍼허";
    assert!(finds(run, &format!("앞{run}뒤")));
}
