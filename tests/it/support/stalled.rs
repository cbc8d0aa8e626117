//! A network in which uploads get stuck.

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::PATIENCE;

/// Forwards connections until one has sent a part of an upload, of which the rest never arrives;
/// other connections are still forwarded.
pub(crate) struct Stalled {
    address: String,
    reached: watch::Receiver<bool>,
}

impl Stalled {
    /// Creates one before this address.
    pub(crate) async fn before(target: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (tell, reached) = watch::channel(false);
        let target = target.to_owned();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(carry(client, target.clone(), tell.clone()));
            }
        });
        Self { address, reached }
    }

    /// Returns the address for clients.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Waits until a part is held.
    pub(crate) async fn reached(&self) {
        let mut reached = self.reached.clone();
        let waiting = reached.wait_for(|reached| *reached);
        tokio::time::timeout(PATIENCE, waiting).await.expect("a part is sent").unwrap();
    }
}

async fn carry(client: TcpStream, target: String, tell: watch::Sender<bool>) {
    let Ok(server) = TcpStream::connect(target).await else { return };
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let answers = tokio::spawn(async move { copy(&mut from_server, &mut to_client).await });
    let (mut buffer, mut sent) = (vec![0; 8192], 0);
    while let Ok(count) = from_client.read(&mut buffer).await {
        if count == 0 {
            break;
        }
        sent += count;
        if sent > 4_000_000 {
            // Held open, and silent.
            tell.send_replace(true);
            std::future::pending::<()>().await;
        }
        if to_server.write_all(&buffer[..count]).await.is_err() {
            break;
        }
    }
    drop(to_server);
    drop(answers.await);
}
