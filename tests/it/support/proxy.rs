//! A network that can be cut.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Forwards TCP connections to a server; when it is cut, they end without a close and new ones are
/// refused.
pub(crate) struct Proxy {
    address: String,
    target: Arc<Mutex<String>>,
    up: watch::Sender<bool>,
    /// Bytes sent by clients that still pass before it is cut.
    left: Arc<AtomicUsize>,
    listening: JoinHandle<()>,
}

impl Proxy {
    /// Creates a proxy to this address.
    pub(crate) async fn to(target: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let target = Arc::new(Mutex::new(target.to_owned()));
        let up = watch::Sender::new(true);
        let left = Arc::new(AtomicUsize::new(usize::MAX));
        let listening =
            tokio::spawn(listen(listener, Arc::clone(&target), up.clone(), Arc::clone(&left)));
        Self { address, target, up, left, listening }
    }

    /// Returns the address for clients.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Ends all connections and refuses new ones.
    pub(crate) fn cut(&self) {
        self.up.send_replace(false);
    }

    /// Cuts once clients have sent this number of further bytes, in the middle of whatever they are
    /// sending.
    pub(crate) fn cut_after(&self, bytes: usize) {
        self.left.store(bytes, Ordering::SeqCst);
    }

    /// Accepts new connections again.
    pub(crate) fn heal(&self) {
        self.left.store(usize::MAX, Ordering::SeqCst);
        self.up.send_replace(true);
    }

    /// Forwards new connections to another address, that of a restarted server.
    pub(crate) fn lead_to(&self, target: &str) {
        target.clone_into(&mut self.target.lock().unwrap());
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.cut();
        self.listening.abort();
    }
}

async fn listen(
    listener: TcpListener,
    target: Arc<Mutex<String>>,
    up: watch::Sender<bool>,
    left: Arc<AtomicUsize>,
) {
    while let Ok((client, _)) = listener.accept().await {
        let target = target.lock().unwrap().clone();
        tokio::spawn(carry(client, target, up.clone(), Arc::clone(&left)));
    }
}

async fn carry(client: TcpStream, target: String, up: watch::Sender<bool>, left: Arc<AtomicUsize>) {
    let mut state = up.subscribe();
    if !*state.borrow_and_update() {
        return;
    }
    let Ok(server) = TcpStream::connect(target).await else { return };
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let both = async {
        tokio::join!(
            async {
                if !send(&mut from_client, &mut to_server, &left).await.unwrap_or(true) {
                    up.send_replace(false);
                }
            },
            async {
                drop(copy(&mut from_server, &mut to_client).await);
                drop(to_client.shutdown().await);
            },
        )
    };
    // Whichever comes first ends both connections by dropping them.
    tokio::select! {
        _ = both => (),
        _ = state.wait_for(|up| !up) => (),
    }
}

/// Forwards what a client sends, until it ends or may send no more; then false.
async fn send(
    client: &mut OwnedReadHalf,
    server: &mut OwnedWriteHalf,
    left: &AtomicUsize,
) -> io::Result<bool> {
    let mut buffer = [0; 8192];
    loop {
        let read = client.read(&mut buffer).await?;
        if read == 0 {
            server.shutdown().await?;
            return Ok(true);
        }
        let endless =
            |left: usize| if left == usize::MAX { Some(left) } else { left.checked_sub(read) };
        if left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, endless).is_err() {
            return Ok(false);
        }
        server.write_all(&buffer[..read]).await?;
    }
}
