//! Tests of loading the configuration.

use super::*;

fn os<'a>(variables: &'a [(&'a str, &'a str)]) -> impl Iterator<Item = (OsString, OsString)> + 'a {
    variables.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)))
}

fn load_text(text: &str, variables: &[(&str, &str)]) -> Result<Config, String> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("config.toml");
    std::fs::write(&path, text).unwrap();
    let flags = Flags { config: Some(path), data_dir: Some("/d".into()), ..Flags::default() };
    load_from(&flags, os(variables), &[])
        .map(|loaded| loaded.config)
        .map_err(|error| error.to_string())
}

#[test]
fn environment_wins_over_file_and_file_over_defaults() {
    let config = load_text(
        "[rooms]\nidle_timeout_seconds = 5\nrecent_messages = 7\n",
        &[("CHATCTL_ROOMS__IDLE_TIMEOUT_SECONDS", "9")],
    )
    .unwrap();
    assert_eq!(
        (
            config.rooms.idle_timeout_seconds,
            config.rooms.recent_messages,
            config.rooms.max_message_chars
        ),
        (9, 7, 4000)
    );
}

#[test]
fn lists_of_the_environment_are_one_value_commas_or_toml() {
    for text in ["127.0.0.1:1", "127.0.0.1:1,", "[\"127.0.0.1:1\"]"] {
        assert_eq!(
            load_text("", &[("CHATCTL_SERVER__LISTEN", text)]).unwrap().server.listen,
            ["127.0.0.1:1"],
            "{text}"
        );
    }
    assert_eq!(
        load_text("", &[("CHATCTL_SERVER__LISTEN", "a:1, b:2")]).unwrap().server.listen,
        ["a:1", "b:2"]
    );
}

#[test]
fn unknown_keys_name_the_nearest_and_the_place() {
    let error = load_text("[rooms]\nidle_timout_seconds = 5\n", &[]).unwrap_err();
    assert!(
        error.contains("idle_timout_seconds")
            && error.contains("did you mean idle_timeout_seconds")
            && error.contains("config.toml"),
        "{error}"
    );
    let error = load_text("", &[("CHATCTL_ROOM__RECENT_MESSAGES", "5")]).unwrap_err();
    assert!(
        error.contains("did you mean [rooms]") && error.contains("CHATCTL_ROOM__RECENT_MESSAGES"),
        "{error}"
    );
}

#[test]
fn variables_of_others_are_left_alone() {
    assert!(
        load_text("", &[("CHATCTL_PORT", "tcp://10.0.0.1:80"), ("CHATCTL_CONFIG", "/nowhere")])
            .is_ok()
    );
}

#[test]
fn values_that_cannot_work_are_refused() {
    let table = [
        "[server]\nlisten = []",
        "[server]\nlisten = [\"8080\"]",
        "[server]\nheartbeat_seconds = 0",
        "[server]\ntls_cert = \"a\"",
        "[server]\ntrusted_proxies = [\"proxy\"]",
        "[server]\ntrusted_proxies = [\"10.0.0.0/99\"]",
        "[server]\npublic_url = \"https://example.org/api\"",
        "[metrics]\nlisten = \"9100\"",
        "[limits]\nstall_seconds = 0",
        "[auth]\nsession_days = 0",
        "[auth]\nregistration = \"maybe\"",
        "[limits]\nmax_body_bytes = \"big\"",
        "[media]\nmax_bytes = 300000000",
        "[media]\nmax_unused_bytes_per_user = 1",
        "[media]\nmax_bytes = 300000000",
        "[media]\nmax_unused_bytes_per_user = 1",
        "[auth]\nsession_days = 9223372036854775807",
        "[auth]\naccess_token_minutes = 9223372036854775807",
        "[limits]\nstall_seconds = 18446744073709551",
        "[backup]\nevery_hours = 9223372036854775807",
        "[audit]\ndays = 9223372036854775807",
        "[database]\nreaders = 4294967295",
        "[backup]\nevery_hours = 0",
        "[backup]\nkeep = 0",
        "[backup]\nto = \"backups\"",
        "[backup]\nto = \"s3:///prefix\"",
        "[backup]\nrecipients = [\"ssh-ed25519 AAAA\"]",
        "[backup.s3]\nendpoint = \"s3.example.org\"",
        "[backup.s3]\nendpoints = \"https://s3.example.org\"",
        "[backup.s4]\nregion = \"x\"",
        "[backup]\ndirectory = \"\"",
        "rooms = 1",
        "not toml",
    ];
    for text in table {
        assert!(load_text(text, &[]).is_err(), "{text}");
    }
}

#[test]
fn a_relative_data_directory_belongs_to_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("c.toml");
    std::fs::write(&path, "[server]\ndata_dir = \"there\"\n").unwrap();
    let loaded =
        load_from(&Flags { config: Some(path), ..Flags::default() }, std::iter::empty(), &[])
            .unwrap();
    assert_eq!(loaded.config.server.data_dir, dir.path().join("there"));
    let flags = Flags { config: Some(dir.path().join("none.toml")), ..Flags::default() };
    assert!(matches!(
        load_from(&flags, std::iter::empty(), &[]),
        Err(ConfigError::Unreadable { .. })
    ));
}

#[test]
fn relative_certificates_are_in_the_data_directory() {
    let text = "[server]\ntls_cert = \"tls/cert.pem\"\ntls_key = \"/etc/key.pem\"\n\
                tls_directory = \"all\"\n";
    let server = load_text(text, &[]).unwrap().server;
    let paths = [server.tls_cert, server.tls_key, server.tls_directory];
    assert_eq!(paths, ["/d/tls/cert.pem", "/etc/key.pem", "/d/all"].map(|p| Some(p.into())));
}

#[test]
fn the_s3_server_of_backups_has_a_section_within_that_of_backups() {
    let text = "[backup]\nto = \"s3://b/\"\n[backup.s3]\nregion = \"here\"\n\
                tls_ca = \"ca.pem\"\n";
    let variables = [
        ("CHATCTL_BACKUP__S3__ACCESS_KEY_ID", "AKIA"),
        ("CHATCTL_BACKUP__S3__SECRET_ACCESS_KEY", "hush"),
    ];
    let config = load_text(text, &variables).unwrap();
    let s3 = config.backup_s3;
    assert_eq!((s3.region.as_deref(), s3.tls_ca), (Some("here"), Some("/d/ca.pem".into())));
    assert_eq!(s3.secret_access_key, Some(crate::config::Masked("hush".to_owned())));
    assert_eq!(config.backup.to.as_deref(), Some("s3://b/"));
    let error = load_text("[backup.s3]\nregoin = \"x\"", &[]).unwrap_err();
    assert!(error.contains("key regoin in [backup.s3]"), "{error}");
    assert!(error.contains("did you mean region?"), "{error}");
    let error = load_text("", &[("CHATCTL_BACKUP__S3__REGOIN", "x")]).unwrap_err();
    assert!(error.contains("key regoin in [backup.s3]"), "{error}");
}

#[test]
fn redirects_need_a_port_or_a_public_url() {
    let keys = "[server]\ntls_directory = \"/a\"\nredirect_listen = [\"0.0.0.0:80\"]\n\
                listen = [\"unix:/s\"]\n";
    let error = load_text(keys, &[]).unwrap_err();
    assert!(error.contains("redirect_listen requires a public_url"), "{error}");
    let with_url = format!("{keys}public_url = \"https://chat.example\"\n");
    assert!(load_text(&with_url, &[]).is_ok());
}

#[test]
fn the_example_holds_every_key_at_its_default() {
    let example = include_str!("../../../config.toml.example");
    let expected = Config {
        server: Server { data_dir: "/d".into(), ..Default::default() },
        ..Config::default()
    };
    assert_eq!(load_text(example, &[]).unwrap(), expected);
    let mut section = String::new();
    let mut written = Vec::new();
    for line in example.lines() {
        if let Some(name) = line.strip_prefix('[') {
            section = name.trim_end_matches(']').to_owned();
        } else if let Some((key, _)) = line.trim_start_matches("# ").split_once(" = ") {
            written.push((section.clone(), key.to_owned()));
        }
    }
    for (section, key, _) in keys::all() {
        assert!(
            written.contains(&(section.clone(), key.clone())),
            "[{section}] {key} is not in the example"
        );
    }
}

#[test]
fn a_variable_that_does_not_fit_is_named_with_its_value() {
    let table = [
        (
            "CHATCTL_BACKUP__EVERY_HOURS",
            "24h",
            "CHATCTL_BACKUP__EVERY_HOURS: \"24h\" is not a whole number of hours",
        ),
        (
            "CHATCTL_ROOMS__RECENT_MESSAGES",
            "many",
            "CHATCTL_ROOMS__RECENT_MESSAGES: \"many\" is not a whole number",
        ),
        (
            "CHATCTL_LOG__STDOUT",
            "perhaps",
            "CHATCTL_LOG__STDOUT: \"perhaps\" must be true or false",
        ),
        (
            "CHATCTL_AUTH__REGISTRATION",
            "maybe",
            "CHATCTL_AUTH__REGISTRATION: \"maybe\" must be \"open\", \"invite\", \"closed\"",
        ),
        (
            "CHATCTL_MEDIA__MAX_BYTES",
            "much",
            "CHATCTL_MEDIA__MAX_BYTES: \"much\" is not a size: give bytes, or a number with \
             KiB, MiB, GiB, kB, MB or GB",
        ),
        (
            "CHATCTL_SERVER__DATA_DIRR",
            "/x",
            "CHATCTL_SERVER__DATA_DIRR: unknown key data_dirr in [server]; did you mean \
             data_dir?",
        ),
    ];
    for (name, text, said) in table {
        assert_eq!(load_text("", &[(name, text)]).unwrap_err(), said);
    }
}

#[test]
fn variables_say_things_as_people_do() {
    let config = load_text(
        "",
        &[
            ("CHATCTL_LOG__STDOUT", "no"),
            ("CHATCTL_MEDIA__MAX_BYTES", "25MB"),
            ("CHATCTL_SERVER__PUBLIC_URL", ""),
        ],
    )
    .unwrap();
    assert_eq!(
        (config.log.stdout, config.media.max_bytes, config.server.public_url),
        (false, 25_000_000, None)
    );
    let config = load_text(
        "[media]\nmax_bytes = \"25 MiB\"\n[database]\npath = \"7\"\n",
        &[("CHATCTL_LOG__STDOUT", "yes"), ("CHATCTL_DATABASE__READERS", "3")],
    )
    .unwrap();
    assert_eq!(
        (config.log.stdout, config.media.max_bytes, config.database.readers),
        (true, 26_214_400, Some(3))
    );
}

#[test]
fn everything_that_is_wrong_is_found_at_once() {
    let text = "[rooms]\nrecent_mesages = 5\nreceipts_up_to = \"x\"\n[server]\nlisten = \
                [\"8080\"]\nheartbeat_seconds = 0\n[sever]\n";
    let said = load_text(text, &[("CHATCTL_BACKUP__KEEP", "all")]).unwrap_err();
    for part in [
        "CHATCTL_BACKUP__KEEP",
        "recent_mesages",
        "receipts_up_to = \"x\" is not a whole number (file ",
        "\"8080\"",
        "heartbeat_seconds must",
        "[sever]",
    ] {
        assert!(said.contains(part), "{part} is not in\n{said}");
    }
    assert_eq!(said.lines().count(), 6, "{said}");
    assert!(!said.contains("src/") && !said.contains("alloc::"), "{said}");
}

#[test]
fn a_variable_with_one_underscore_is_remarked_on() {
    let flags = Flags { data_dir: Some("/d".into()), ..Flags::default() };
    let loaded = load_from(
        &flags,
        os(&[
            ("CHATCTL_SERVER_LISTEN", "0.0.0.0:80"),
            ("CHATCTL_SERVER_PORT", "tcp://10.0.0.1:80"),
            ("CHATCTL_CONFIG", ""),
        ]),
        &[],
    )
    .unwrap();
    assert_eq!(loaded.remarks.len(), 1, "{:?}", loaded.remarks);
    assert!(loaded.remarks[0].contains("CHATCTL_SERVER__LISTEN"), "{:?}", loaded.remarks);
}

#[test]
fn text_that_is_not_unicode_is_a_sentence_where_it_is_ours() {
    use std::os::unix::ffi::OsStringExt;
    let odd = || OsString::from_vec(vec![0xff]);
    let flags = Flags { data_dir: Some("/d".into()), ..Flags::default() };
    let of_others = [(odd(), odd()), ("FOO".into(), odd())];
    assert!(load_from(&flags, of_others.into_iter(), &[]).is_ok());
    let ours = [(OsString::from("CHATCTL_LOG__LEVEL"), odd())];
    let said = load_from(&flags, ours.into_iter(), &[]).unwrap_err().to_string();
    assert!(said.contains("CHATCTL_LOG__LEVEL") && said.contains("UTF-8"), "{said}");
}

#[test]
fn a_file_that_nobody_named_says_how_to_choose_another() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("config.toml");
    std::fs::write(&path, "[server]\nport = 1\n").unwrap();
    let said = load_from(&Flags::default(), std::iter::empty(), std::slice::from_ref(&path))
        .unwrap_err()
        .to_string();
    assert!(
        said.contains(path.to_str().unwrap())
            && said.contains("--config or CHATCTL_CONFIG chooses another"),
        "{said}"
    );
}

#[test]
fn what_is_there_twice_is_named_with_both_lines() {
    for (text, wanted) in [
        (
            "[server]\nlisten = [\"127.0.0.1:80\"]\n\n[log]\n[ server ] # again\n",
            "section [server] is there twice, in lines 1 and 5; put all its keys below one heading",
        ),
        (
            "[log.ship]\n[backup]\n[log.\"ship\"]\n",
            "section [log.ship] is there twice, in lines 1 and 3",
        ),
        (
            "[ldap]\nurl = \"ldap://a\"\nbind_password = \"HUSH\"\nbind_password = \"HUSH\"\n",
            "key bind_password in [ldap] is there twice, in lines 3 and 4; remove one",
        ),
        ("[log]\nlevel = \"info\"\n[ldap]\nlevel = 1\nlevel = 2", "in lines 4 and 5"),
    ] {
        let said = load_text(text, &[]).unwrap_err();
        assert!(said.contains(wanted), "{wanted} is not in {said}");
        assert!(said.contains("(file ") && !said.contains("HUSH"), "{said}");
    }
    // Nothing is said that is not certain.
    let said = load_text("log.level = \"info\"\n[log]\nlevel = \"warn\"\n", &[]).unwrap_err();
    assert!(!said.contains("in lines"), "{said}");
}

#[test]
fn numbers_in_a_list_come_from_variables_too() {
    for text in ["443,8443", "[443, 8443]"] {
        let loaded = load_text("", &[("CHATCTL_PUSH__PORTS", text)]).unwrap();
        assert_eq!(loaded.push.ports, [443, 8443], "{text}");
    }
    for text in ["http", "443,x", "70000"] {
        let said = load_text("", &[("CHATCTL_PUSH__PORTS", text)]).unwrap_err();
        assert!(said.contains("must be a list of ports"), "{text}: {said}");
    }
    let said = load_text("[push]\nports = []\n", &[]).unwrap_err();
    assert!(said.contains("[push] ports must contain ports"), "{said}");
}
