//! Tests with certificates that are made for them.

use std::fs;

use super::*;

/// Writes a new certificate for these names.
fn issue(names: &[&str], cert: &Path, key: &Path) {
    issue_in((1975, 4096), names, cert, key);
}

/// Writes a new certificate for these names that is valid between these years.
fn issue_in((from, to): (i32, i32), names: &[&str], cert: &Path, key: &Path) {
    let pair = rcgen::KeyPair::generate().unwrap();
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = rcgen::CertificateParams::new(names).unwrap();
    params.not_before = rcgen::date_time_ymd(from, 1, 1);
    params.not_after = rcgen::date_time_ymd(to, 1, 1);
    let made = params.self_signed(&pair).unwrap();
    fs::write(cert, made.pem()).unwrap();
    fs::write(key, pair.serialize_pem()).unwrap();
}

fn in_folder(folder: &Path, names: &[&str], file: &str) {
    let file = |ending| folder.join(format!("{file}.{ending}"));
    issue(names, &file("crt"), &file("key"));
}

fn server(folder: &Path) -> Server {
    Server { tls_directory: Some(folder.to_owned()), ..Server::default() }
}

#[test]
fn certificates_are_found_by_their_names() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let all = folder.path().join("all");
    fs::create_dir_all(all.join("certbot")).unwrap();
    in_folder(&all, &["One.example", "www.one.example"], "one");
    let certbot = all.join("certbot");
    issue(&["*.two.example"], &certbot.join("fullchain.pem"), &certbot.join("privkey.pem"));
    fs::write(all.join("README"), "not a certificate").unwrap();
    let without = Certificates::load(&server(&all)).unwrap().0;
    assert!(without.find(None).is_none() && without.find(Some("else.example")).is_none());
    issue(&["default.example"], &path("cert.pem"), &path("key.pem"));
    let server =
        Server { tls_cert: Some(path("cert.pem")), tls_key: Some(path("key.pem")), ..server(&all) };
    let found = Certificates::load(&server).unwrap().0;
    let of = |name| names(&found.find(name).unwrap().cert[0])[0].clone();
    for (name, wanted) in [
        (None, "default.example"),
        (Some("else.example"), "default.example"),
        (Some("one.example"), "one.example"),
        (Some("WWW.ONE.example"), "one.example"),
        (Some("a.two.example"), "*.two.example"),
        (Some("a.b.two.example"), "default.example"),
        (Some("two.example"), "default.example"),
    ] {
        assert_eq!(of(name), wanted, "{name:?}");
    }
    assert!(found.cover("a.two.example") && !found.cover("else.example"));
}

#[test]
fn the_default_certificate_may_be_one_of_the_directory() {
    let folder = tempfile::tempdir().unwrap();
    in_folder(folder.path(), &["one.example"], "one");
    let server = Server {
        tls_cert: Some(folder.path().join("one.crt")),
        tls_key: Some(folder.path().join("one.key")),
        ..server(folder.path())
    };
    let (all, told) = Certificates::load(&server).unwrap();
    assert_eq!(told.loaded, [folder.path().join("one.crt")], "loaded once");
    assert!(all.cover("one.example") && all.find(None).is_some());
}

#[test]
fn changed_files_are_loaded_and_broken_ones_keep_what_was_there() {
    let folder = tempfile::tempdir().unwrap();
    let server = server(folder.path());
    in_folder(folder.path(), &["one.example"], "one");
    in_folder(folder.path(), &["two.example"], "two");
    let (first, told) = Certificates::load(&server).unwrap();
    assert_eq!((told.loaded.len(), told.problems.len()), (2, 0));
    let chain = |all: &Certificates, name| all.find(Some(name)).unwrap().cert.clone();
    let (same, told) = first.refresh(&server);
    assert!(told.loaded.is_empty() && told.problems.is_empty());
    in_folder(folder.path(), &["one.example"], "one");
    fs::write(folder.path().join("two.key"), "broken").unwrap();
    let (second, told) = same.refresh(&server);
    assert_eq!(told.loaded, [folder.path().join("one.crt")]);
    assert_eq!(told.problems[0].unusable.file, folder.path().join("two.key"));
    assert_ne!(chain(&second, "one.example"), chain(&first, "one.example"));
    assert_eq!(chain(&second, "two.example"), chain(&first, "two.example"));
    assert!(told.problems[0].has_previous);
    let (third, told) = second.refresh(&server);
    assert!(told.problems.is_empty(), "told once: {:?}", told.problems);
    in_folder(folder.path(), &["two.example"], "two");
    let (fourth, told) = third.refresh(&server);
    assert_eq!(told.loaded, [folder.path().join("two.crt")]);
    assert_ne!(chain(&fourth, "two.example"), chain(&first, "two.example"));
    fs::remove_dir_all(folder.path()).unwrap();
    let (fifth, told) = fourth.refresh(&server);
    assert_eq!(told.problems.len(), 1);
    assert!(fifth.cover("two.example") && fifth.refresh(&server).1.problems.is_empty());
}

#[test]
fn a_server_needs_a_certificate() {
    let folder = tempfile::tempdir().unwrap();
    let error = Certificates::load(&server(folder.path())).unwrap_err().to_string();
    assert!(error.contains("neither NAME.crt"), "{error}");
    in_folder(folder.path(), &["one.example"], "one");
    fs::write(folder.path().join("two.crt"), "broken").unwrap();
    let (all, told) = Certificates::load(&server(folder.path())).unwrap();
    assert!(all.cover("one.example"), "others are served");
    assert_eq!(told.problems.len(), 1);
    assert!(!told.problems[0].has_previous, "there was none");
    let broken = Server {
        tls_cert: Some(folder.path().join("two.crt")),
        tls_key: Some(folder.path().join("two.key")),
        ..server(folder.path())
    };
    assert!(Certificates::load(&broken).is_err(), "the default one must be usable");
}

#[test]
fn a_name_has_a_valid_certificate_if_there_is_one_and_the_one_that_ends_last() {
    let folder = tempfile::tempdir().unwrap();
    let path = |file: &str| folder.path().join(file);
    let issue = |file: &str, years, names: &[&str]| {
        issue_in(years, names, &path(&format!("{file}.crt")), &path(&format!("{file}.key")));
    };
    let name = "chat.example";
    issue("a-old", (2010, 2020), &[name]);
    issue("b-early", (2990, 2999), &[name]);
    issue("c-good", (2020, 2500), &[name]);
    issue("d-better", (2020, 2600), &[name]);
    issue("e-short", (2020, 2400), &[name]);
    let chosen = |all: &Certificates, name| all.find(Some(name)).unwrap().cert[0].clone();
    let of = |file: &str| certificate::chain(&path(file)).unwrap()[0].clone();
    let directory = server(folder.path());
    let all = Certificates::load(&directory).unwrap().0;
    assert_eq!(chosen(&all, name), of("d-better.crt"));
    let expired = Server {
        tls_cert: Some(path("a-old.crt")),
        tls_key: Some(path("a-old.key")),
        ..directory.clone()
    };
    let all = Certificates::load(&expired).unwrap().0;
    assert_eq!(chosen(&all, name), of("d-better.crt"), "tls_cert has expired");
    assert_eq!(chosen(&all, "else.example"), of("a-old.crt"), "no other one is for this name");
    // A valid wildcard wins over an expired certificate, but not over a valid one.
    for file in ["b-early", "c-good", "d-better", "e-short"] {
        fs::remove_file(path(&format!("{file}.crt"))).unwrap();
    }
    issue("wild", (2020, 2900), &["*.example"]);
    let all = Certificates::load(&directory).unwrap().0;
    assert_eq!(chosen(&all, name), of("wild.crt"));
    issue("f-new", (2020, 2400), &[name]);
    let all = all.refresh(&directory).0;
    assert_eq!(chosen(&all, name), of("f-new.crt"));
}

#[test]
fn a_certificate_of_the_directory_needs_a_host_name() {
    let folder = tempfile::tempdir().unwrap();
    in_folder(folder.path(), &[], "none");
    in_folder(folder.path(), &["192.0.2.7"], "address");
    let error = Certificates::load(&server(folder.path())).unwrap_err().to_string();
    assert!(error.contains("address.crt: it contains no host name"), "{error}");
    in_folder(folder.path(), &["one.example"], "one");
    let found = problems(&server(folder.path())).unwrap();
    assert_eq!(found.len(), 2, "{found:?}");
    // The default one is presented to clients that ask for no name.
    let default = Server {
        tls_cert: Some(folder.path().join("address.crt")),
        tls_key: Some(folder.path().join("address.key")),
        ..server(folder.path())
    };
    let (all, _) = Certificates::load(&default).unwrap();
    assert!(all.find(None).is_some());
}
