//! A network that can be cut.

use std::sync::{Arc, Mutex};

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Carries TCP connections to a server; when it is cut, they end without a word and new ones are refused.
pub(crate) struct Proxy {
    address: String,
    target: Arc<Mutex<String>>,
    up: watch::Sender<bool>,
    listening: JoinHandle<()>,
}

impl Proxy {
    /// One that leads to this address.
    pub(crate) async fn to(target: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let target = Arc::new(Mutex::new(target.to_owned()));
        let up = watch::Sender::new(true);
        let listening = tokio::spawn(listen(listener, Arc::clone(&target), up.subscribe()));
        Self { address, target, up, listening }
    }

    /// Where clients go.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Ends all connections and lets nobody through.
    pub(crate) fn cut(&self) {
        self.up.send_replace(false);
    }

    /// Lets new connections through again.
    pub(crate) fn heal(&self) {
        self.up.send_replace(true);
    }

    /// Leads new connections to another address, that of a server started again.
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

async fn listen(listener: TcpListener, target: Arc<Mutex<String>>, up: watch::Receiver<bool>) {
    while let Ok((client, _)) = listener.accept().await {
        let target = target.lock().unwrap().clone();
        tokio::spawn(carry(client, target, up.clone()));
    }
}

async fn carry(mut client: TcpStream, target: String, mut up: watch::Receiver<bool>) {
    if !*up.borrow_and_update() {
        return;
    }
    let Ok(mut server) = TcpStream::connect(target).await else { return };
    // Whichever comes first ends both connections by dropping them.
    tokio::select! {
        _ = copy_bidirectional(&mut client, &mut server) => (),
        _ = up.wait_for(|up| !up) => (),
    }
}
