//! A cheap WebSocket: frames are located in the bytes, but not parsed.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::server::Server;

/// One socket, read and written byte by byte.
pub(super) struct Socket {
    stream: TcpStream,
    buffer: Vec<u8>,
    /// Code of the close frame that was received; 0: none.
    pub(super) closed: u16,
}

impl Socket {
    /// Opens a WebSocket at this path.
    pub(super) async fn open(server: &Server, path: &str) -> Self {
        Self::connect(&server.address, &server.token, path).await.unwrap()
    }

    /// Opens a WebSocket as the user with this token.
    pub(super) async fn connect(address: &str, token: &str, path: &str) -> io::Result<Self> {
        let mut stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: \
             websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: \
             dGhlIHNhbXBsZSBub25jZQ==\r\nAuthorization: Bearer {token}\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await?;
        let mut buffer = Vec::new();
        let end = loop {
            if stream.read_buf(&mut buffer).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if let Some(at) = buffer.windows(4).position(|w| w == b"\r\n\r\n") {
                break at + 4;
            }
        };
        if !buffer.starts_with(b"HTTP/1.1 101") {
            return Err(io::Error::other(String::from_utf8_lossy(&buffer).into_owned()));
        }
        buffer.drain(..end);
        Ok(Self { stream, buffer, closed: 0 })
    }

    /// Writes masked text frames; the mask is zero, which leaves the text unchanged.
    pub(super) async fn write(&mut self, texts: &[String]) {
        self.try_write(texts).await.unwrap();
    }

    /// Writes like [`write`](Self::write), to a server that may have stopped.
    pub(super) async fn try_write(&mut self, texts: &[String]) -> io::Result<()> {
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
        self.stream.write_all(&out).await
    }

    /// Reads once and passes every complete text frame to `each`; false: the connection has ended.
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
            match self.buffer[at] {
                0x81 => each(&self.buffer[from..to]),
                0x89 => self.answer(0x8a, from, to),
                0x88 if length >= 2 => {
                    self.closed = u16::from_be_bytes([self.buffer[from], self.buffer[from + 1]]);
                    self.answer(0x88, from, to);
                }
                _ => (),
            }
            at = to;
        }
        self.buffer.drain(..at);
        true
    }

    /// Answers a ping or a close with the payload in these bytes of the buffer, unless the
    /// connection takes nothing now.
    fn answer(&self, kind: u8, from: usize, to: usize) {
        let length = u8::try_from(to - from).unwrap();
        let mut frame = vec![kind, 0x80 | length, 0, 0, 0, 0];
        frame.extend(&self.buffer[from..to]);
        drop(self.stream.try_write(&frame));
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
