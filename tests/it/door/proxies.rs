//! Real proxies in front, configured as documented.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::json;
use tokio::net::TcpStream;

use crate::support::{Body, Client, PATIENCE, Person, Server};

/// A proxy, ended with the test.
pub(super) struct Running {
    process: Child,
    pub(super) address: String,
}

impl Drop for Running {
    fn drop(&mut self) {
        // nginx ends its workers when asked to end.
        drop(
            Command::new("sh")
                .args(["-c", "kill -TERM \"$0\"", &self.process.id().to_string()])
                .status(),
        );
        drop(self.process.wait());
    }
}

/// Returns an example configuration of the packages.
fn example(file: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(root.join("packaging/proxies").join(file)).unwrap()
}

/// Returns the first configuration of a program after a heading.
pub(super) fn documented_below(heading: &str, language: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("docs/configuration.md")).unwrap();
    let (_, rest) = page.split_once(heading).unwrap_or_else(|| panic!("no heading {heading}"));
    let (_, rest) = rest
        .split_once(&format!("```{language}\n"))
        .unwrap_or_else(|| panic!("no block of {language}"));
    rest.split_once("```").unwrap().0.to_owned()
}

/// Replaces words in a configuration; each must occur.
pub(super) fn with(block: &str, changes: &[(&str, &str)]) -> String {
    changes.iter().fold(block.to_owned(), |block, (from, to)| {
        assert!(block.contains(from), "{from:?} is not in\n{block}");
        block.replace(from, to)
    })
}

pub(super) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

async fn run(mut command: Command, port: u16) -> Running {
    let process = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let running = Running { process, address: format!("127.0.0.1:{port}") };
    let listening = async {
        while TcpStream::connect(&running.address).await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, listening).await.expect("the proxy listens");
    running
}

/// Runs nginx with these blocks of `http`.
pub(super) async fn nginx(folder: &Path, blocks: &str, port: u16) -> Running {
    let dir = folder.display();
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|name| format!("{name}_temp_path {dir}/{name};\n"))
        .concat();
    let user = if nix::unistd::Uid::effective().is_root() { "user root;\n" } else { "" };
    let config = format!(
        "{user}daemon off;\npid {dir}/pid;\nerror_log stderr;\nevents {{}}\nhttp {{\naccess_log \
         off;\n{temporary}{blocks}}}\n"
    );
    let path = folder.join("nginx.conf");
    std::fs::write(&path, config).unwrap();
    let mut command = Command::new("nginx");
    command.arg("-p").arg(folder).args(["-e", "stderr", "-c"]).arg(&path);
    run(command, port).await
}

async fn server() -> Server {
    Server::start_with(&[
        ("SERVER__TRUSTED_PROXIES", "127.0.0.1,::1"),
        ("LIMITS__LOGIN_FAILURES_PER_MINUTE_PER_ADDRESS", "3"),
    ])
    .await
}

/// Tests everything that tends to fail behind proxies.
async fn works(server: &Server, proxy: &Running) {
    let client = Client::at(&proxy.address);
    client.get("/health").await.is(200);
    for host in ["chat.example", "localhost", "127.0.0.1"] {
        client.with("host", host).get("/metrics").await.is_text(404);
    }
    let ann = Person::new(server, "ann").await.at(&proxy.address);
    let room = ann.room(&[]).await;
    let mut socket = ann.enter(&room).await;
    socket.say("through a proxy").await;
    assert_eq!(ann.contents(&room).await, ["through a proxy"]);
    let page = ann.with("origin", &format!("http://{}", proxy.address));
    assert_eq!(page.handshake("/chat").await.status, 101, "the page of the same origin");
    ann.with("origin", "http://evil.example").handshake("/chat").await.is_text(403);
    let whole = vec![b'x'; 25 * 1024 * 1024];
    let upload = ann.with("content-type", "text/plain").post("/api/media", Body::Raw(whole)).await;
    upload.is(201);
    // Addresses from a trusted proxy are used, so this client has another one.
    let elsewhere = Client::at_from(&proxy.address, "127.0.0.2".parse().unwrap());
    let mut answers = Vec::new();
    for number in 1..=5 {
        let forged = elsewhere
            .with("x-forwarded-for", &format!("6.6.6.{number}"))
            .with("x-real-ip", &format!("6.6.6.{number}"));
        answers.push(
            forged
                .post(
                    "/api/login",
                    json!({"userId": format!("nobody{number}"), "password": "not the one"}),
                )
                .await
                .status,
        );
    }
    assert_eq!(
        answers,
        [401, 401, 401, 429, 429],
        "nobody chooses the address that they are counted by"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn through_nginx() {
    let (server, folder, port) = (server().await, tempfile::tempdir().unwrap(), free_port());
    let block = example("nginx.conf");
    let tls: Vec<&str> =
        block.lines().filter(|line| line.trim_start().starts_with("ssl_")).collect();
    let block = tls.iter().fold(block.clone(), |block, line| block.replace(line, ""));
    let block = with(
        &block,
        &[
            ("listen 443 ssl;", &format!("listen 127.0.0.1:{port};")),
            ("127.0.0.1:8080", server.address()),
        ],
    );
    let proxy = nginx(folder.path(), &block, port).await;
    works(&server, &proxy).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn through_haproxy() {
    let (server, folder, port) = (server().await, tempfile::tempdir().unwrap(), free_port());
    let bind = "bind :443 ssl crt /etc/haproxy/chat.example.org.pem";
    let config = with(
        &example("haproxy.cfg"),
        &[(bind, &format!("bind 127.0.0.1:{port}")), ("127.0.0.1:8080", server.address())],
    );
    let path = folder.path().join("haproxy.cfg");
    std::fs::write(&path, config).unwrap();
    let mut command = Command::new("haproxy");
    command.args(["-db", "-q", "-f"]).arg(&path);
    let proxy = run(command, port).await;
    works(&server, &proxy).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn through_caddy() {
    let (server, folder, port) = (server().await, tempfile::tempdir().unwrap(), free_port());
    let site = with(
        &example("Caddyfile"),
        &[
            ("chat.example.org {", &format!("http://:{port} {{\n\tbind 127.0.0.1")),
            ("127.0.0.1:8080", server.address()),
        ],
    );
    let path = folder.path().join("Caddyfile");
    std::fs::write(&path, format!("{{\n\tadmin off\n\tauto_https off\n}}\n{site}")).unwrap();
    let mut command = Command::new("caddy");
    command
        .args(["run", "--adapter", "caddyfile", "--config"])
        .arg(&path)
        .envs(["HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"].map(|name| (name, folder.path())))
        .stderr(Stdio::null());
    let proxy = run(command, port).await;
    works(&server, &proxy).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn through_apache() {
    let (server, folder, port) = (server().await, tempfile::tempdir().unwrap(), free_port());
    let block = with(
        &example("apache.conf"),
        &[
            ("*:443", &format!("127.0.0.1:{port}")),
            ("SSLEngine on", ""),
            ("SSLCertificateFile ", "# "),
            ("SSLCertificateKeyFile ", "# "),
            ("127.0.0.1:8080", server.address()),
        ],
    );
    let dir = folder.path().display();
    let modules: String = [
        ("mpm_event", "mpm_event"),
        ("authz_core", "authz_core"),
        ("headers", "headers"),
        ("proxy", "proxy"),
        ("proxy_http", "proxy_http"),
    ]
    .map(|(name, file)| {
        format!("LoadModule {name}_module /usr/lib/apache2/modules/mod_{file}.so\n")
    })
    .concat();
    let path = folder.path().join("apache.conf");
    let config = format!(
        "{modules}ServerName localhost\nPidFile {dir}/pid\nDefaultRuntimeDir {dir}\nErrorLog \
         {dir}/error.log\nUser nobody\nGroup nogroup\nListen 127.0.0.1:{port}\n{block}"
    );
    std::fs::write(&path, config).unwrap();
    let mut command = Command::new("apache2");
    command.args(["-D", "FOREGROUND", "-f"]).arg(&path);
    let proxy = run(command, port).await;
    works(&server, &proxy).await;
}

#[test]
fn the_documentation_shows_the_examples_of_the_packages() {
    let shown = [
        ("nginx", "nginx.conf"),
        ("caddyfile", "Caddyfile"),
        ("haproxy", "haproxy.cfg"),
        ("apache", "apache.conf"),
    ];
    for (language, file) in shown {
        assert_eq!(documented_below("# ", language), example(file), "{file}");
    }
}
