//! A web server with pages of a test's choice.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::PATIENCE;

/// Maximum length of a request's head.
const HEAD: usize = 16 << 10;

/// What a path is answered with.
enum Page {
    /// Type, and body.
    Of(String, Vec<u8>),
    /// Leads to another address.
    To(String),
    /// A beginning, and then the same again without end.
    Endless(String),
    /// As the first, once it is permitted.
    Late(String, Vec<u8>, Arc<Semaphore>),
}

/// The server; it stops when dropped.
pub(crate) struct Site {
    address: SocketAddr,
    pages: Arc<Mutex<HashMap<String, Arc<Page>>>>,
    /// Paths of all requests so far.
    asked: watch::Sender<Vec<String>>,
    listening: JoinHandle<()>,
}

impl Site {
    /// Starts it on this machine.
    pub(crate) async fn start() -> Self {
        Self::start_at("127.0.0.1").await
    }

    /// Starts it at another address of this machine.
    pub(crate) async fn start_at(address: &str) -> Self {
        let listener = TcpListener::bind((address, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (pages, asked) = (Arc::<Mutex<HashMap<_, _>>>::default(), watch::Sender::default());
        let (known, seen) = (Arc::clone(&pages), asked.clone());
        let listening = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (known, seen) = (Arc::clone(&known), seen.clone());
                tokio::spawn(async move { drop(serve(client, &known, &seen).await) });
            }
        });
        Self { address, pages, asked, listening }
    }

    /// Returns the URL of a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Returns its port.
    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// Adds an HTML page in UTF-8; returns its URL.
    pub(crate) fn html(&self, path: &str, html: &str) -> String {
        self.page(path, "text/html", html.as_bytes().to_vec())
    }

    /// Adds a page; returns its URL.
    pub(crate) fn page(&self, path: &str, kind: &str, body: Vec<u8>) -> String {
        self.put(path, Page::Of(kind.to_owned(), body))
    }

    /// Adds a redirect; returns its URL.
    pub(crate) fn redirect(&self, path: &str, to: &str) -> String {
        self.put(path, Page::To(to.to_owned()))
    }

    /// Adds a page whose last part is repeated without end; returns its URL.
    pub(crate) fn endless(&self, path: &str, html: &str) -> String {
        self.put(path, Page::Endless(html.to_owned()))
    }

    /// Adds a page that is sent as often as permits are added; returns its URL and the permits.
    pub(crate) fn late(&self, path: &str, kind: &str, body: Vec<u8>) -> (String, Arc<Semaphore>) {
        let permits = Arc::new(Semaphore::new(0));
        let page = Page::Late(kind.to_owned(), body, Arc::clone(&permits));
        (self.put(path, page), permits)
    }

    /// Returns how often a path was asked for.
    pub(crate) fn asked(&self, path: &str) -> usize {
        self.asked.borrow().iter().filter(|asked| *asked == path).count()
    }

    /// Returns how many requests there were.
    pub(crate) fn requests(&self) -> usize {
        self.asked.borrow().len()
    }

    /// Waits until a path was asked for.
    pub(crate) async fn until_asked(&self, path: &str) {
        let mut asked = self.asked.subscribe();
        let asked = asked.wait_for(|all| all.iter().any(|asked| asked == path));
        assert!(timeout(PATIENCE, asked).await.is_ok(), "{path} was not asked for");
    }

    fn put(&self, path: &str, page: Page) -> String {
        self.pages.lock().unwrap().insert(path.to_owned(), Arc::new(page));
        self.url(path)
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

/// Answers one request, and closes the connection.
async fn serve(
    mut client: TcpStream,
    pages: &Mutex<HashMap<String, Arc<Page>>>,
    asked: &watch::Sender<Vec<String>>,
) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.windows(4).any(|four| four == b"\r\n\r\n") {
        if client.read_buf(&mut head).await? == 0 || head.len() > HEAD {
            return Ok(());
        }
    }
    let text = String::from_utf8_lossy(&head).into_owned();
    let path = text.split(' ').nth(1).unwrap_or_default().to_owned();
    asked.send_modify(|all| all.push(path.clone()));
    let page = pages.lock().unwrap().get(&path).cloned();
    match page.as_deref() {
        None => client.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n").await?,
        Some(Page::Of(kind, body)) => send(&mut client, kind, body).await?,
        Some(Page::To(to)) => {
            let head = format!("HTTP/1.1 302 Found\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n");
            client.write_all(head.as_bytes()).await?;
        }
        Some(Page::Endless(html)) => {
            let head = "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n\r\n";
            client.write_all(format!("{head}{html}").as_bytes()).await?;
            let more = "<p>more</p>".repeat(1_000);
            // Until the client has enough.
            loop {
                client.write_all(more.as_bytes()).await?;
            }
        }
        Some(Page::Late(kind, body, permits)) => {
            let Ok(permit) = permits.acquire().await else { return Ok(()) };
            permit.forget();
            send(&mut client, kind, body).await?;
        }
    }
    client.shutdown().await
}

async fn send(client: &mut TcpStream, kind: &str, body: &[u8]) -> std::io::Result<()> {
    let length = body.len();
    let head =
        format!("HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n\r\n");
    client.write_all(head.as_bytes()).await?;
    client.write_all(body).await
}
