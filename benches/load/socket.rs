//! A cheap WebSocket: frames are located in the bytes, but not parsed.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::server::Server;

/// One socket, read and written byte by byte.
pub(super) struct Socket {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Socket {
    /// Opens a WebSocket at this path.
    pub(super) async fn open(server: &Server, path: &str) -> Self {
        let mut stream = TcpStream::connect(&server.address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: \
             websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: \
             dGhlIHNhbXBsZSBub25jZQ==\r\nAuthorization: Bearer {}\r\n\r\n",
            server.address, server.token
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut buffer = Vec::new();
        let end = loop {
            stream.read_buf(&mut buffer).await.unwrap();
            if let Some(at) = buffer.windows(4).position(|w| w == b"\r\n\r\n") {
                break at + 4;
            }
        };
        assert!(buffer.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&buffer));
        buffer.drain(..end);
        Self { stream, buffer }
    }

    /// Writes masked text frames; the mask is zero, which leaves the text unchanged.
    pub(super) async fn write(&mut self, texts: &[String]) {
        let mut out = Vec::new();
        for text in texts {
            out.push(0x81);
            let length = u16::try_from(text.len()).unwrap();
            if length < 126 {
                out.push(0x80 | length.to_be_bytes()[1]);
            } else {
                out.push(0x80 | 0x7e);
                out.extend(length.to_be_bytes());
            }
            out.extend([0; 4]);
            out.extend(text.as_bytes());
        }
        self.stream.write_all(&out).await.unwrap();
    }

    /// Reads once and passes every complete text frame to `each`.
    pub(super) async fn read(&mut self, mut each: impl FnMut(&[u8])) -> bool {
        if self.stream.read_buf(&mut self.buffer).await.unwrap_or(0) == 0 {
            return false;
        }
        let mut at = 0;
        while let Some((head, length)) = frame(&self.buffer[at..]) {
            let (from, to) = (at + head, at + head + length);
            if self.buffer.len() < to {
                break;
            }
            if self.buffer[at] == 0x81 {
                each(&self.buffer[from..to]);
            }
            at = to;
        }
        self.buffer.drain(..at);
        true
    }

    /// Reads until a frame starts with this text.
    pub(super) async fn wait_for(&mut self, beginning: &str) {
        let mut heard = false;
        while !heard {
            assert!(
                self.read(|frame| heard |= frame.starts_with(beginning.as_bytes())).await,
                "closed before {beginning}"
            );
        }
    }
}

/// Returns the length of a frame's header and of its payload.
fn frame(bytes: &[u8]) -> Option<(usize, usize)> {
    match *bytes.get(1)? {
        126 => Some((4, usize::from(u16::from_be_bytes([*bytes.get(2)?, *bytes.get(3)?])))),
        127 => Some((
            10,
            usize::try_from(u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?)).ok()?,
        )),
        short => Some((2, usize::from(short))),
    }
}
