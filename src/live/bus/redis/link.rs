//! A connection for commands: connects when needed, never waits long, and after a failure leaves
//! Redis alone for a moment.

use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{
    AsyncConnectionConfig, Client, Cmd, ConnectionAddr, FromRedisValue, IntoConnectionInfo,
    Pipeline, ProtocolVersion, ScriptInvocation, TlsCertificates,
};
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};
use tracing::debug;

use super::options::{InvalidAddress, RedisOptions};
use crate::live::bus::BusUnavailable;

/// Time for a command or a pipeline, and for connecting.
const PATIENCE: Duration = Duration::from_secs(1);
/// Time without a try after a failure.
const PAUSE: Duration = Duration::from_millis(500);

/// A connection for commands.
pub(super) struct Link {
    client: Client,
    state: Mutex<State>,
}

/// What Redis is asked.
pub(super) enum Ask<'a> {
    Command(&'a Cmd),
    Pipeline(&'a Pipeline),
    Script(&'a ScriptInvocation<'a>),
}

enum State {
    Connected(MultiplexedConnection),
    /// Not tried before this time.
    Apart(Instant),
}

impl Link {
    pub(super) fn new(client: Client) -> Self {
        Self { client, state: Mutex::new(State::Apart(Instant::now())) }
    }

    /// Runs a command, a pipeline or a script. A connection that was lost meanwhile is replaced,
    /// once: what it was asked may have been done, so it must bear repetition.
    pub(super) async fn run<T: FromRedisValue>(
        &self,
        ask: impl Into<Ask<'_>>,
    ) -> Result<T, BusUnavailable> {
        let ask = ask.into();
        for _ in 0..2 {
            let (mut connection, fresh) = self.connection().await?;
            match timeout(PATIENCE, ask.of(&mut connection)).await {
                Ok(Ok(done)) => return Ok(done),
                Ok(Err(failed)) => debug!("Redis: {failed}"),
                Err(_) => {
                    debug!("Redis does not answer.");
                    self.part(PAUSE).await;
                    return Err(BusUnavailable);
                }
            }
            if fresh {
                break;
            }
            self.part(Duration::ZERO).await;
        }
        self.part(PAUSE).await;
        Err(BusUnavailable)
    }

    /// Returns the connection, and whether it was made just now.
    async fn connection(&self) -> Result<(MultiplexedConnection, bool), BusUnavailable> {
        let mut state = self.state.lock().await;
        match &*state {
            State::Connected(connection) => return Ok((connection.clone(), false)),
            State::Apart(until) if Instant::now() < *until => return Err(BusUnavailable),
            State::Apart(_) => (),
        }
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(PATIENCE))
            .set_response_timeout(Some(PATIENCE));
        let connecting = self.client.get_multiplexed_async_connection_with_config(&config);
        match timeout(PATIENCE, connecting).await {
            Ok(Ok(connection)) => {
                *state = State::Connected(connection.clone());
                Ok((connection, true))
            }
            Ok(Err(failed)) => {
                debug!("Redis: {failed}");
                *state = State::Apart(Instant::now() + PAUSE);
                Err(BusUnavailable)
            }
            Err(_) => {
                *state = State::Apart(Instant::now() + PAUSE);
                Err(BusUnavailable)
            }
        }
    }

    async fn part(&self, pause: Duration) {
        *self.state.lock().await = State::Apart(Instant::now() + pause);
    }
}

impl Ask<'_> {
    async fn of<T: FromRedisValue>(
        &self,
        connection: &mut MultiplexedConnection,
    ) -> redis::RedisResult<T> {
        match self {
            Self::Command(command) => command.query_async(connection).await,
            Self::Pipeline(pipeline) => pipeline.query_async(connection).await,
            Self::Script(script) => script.invoke_async(connection).await,
        }
    }
}

impl<'a> From<&'a Cmd> for Ask<'a> {
    fn from(command: &'a Cmd) -> Self {
        Self::Command(command)
    }
}

impl<'a> From<&'a Pipeline> for Ask<'a> {
    fn from(pipeline: &'a Pipeline) -> Self {
        Self::Pipeline(pipeline)
    }
}

impl<'a> From<&'a ScriptInvocation<'a>> for Ask<'a> {
    fn from(script: &'a ScriptInvocation<'a>) -> Self {
        Self::Script(script)
    }
}

/// Creates the client of an address of Redis; connects to nothing.
pub fn client(url: &str, options: &RedisOptions) -> Result<Client, InvalidAddress> {
    // The address may contain a password, so it is not repeated.
    let invalid = |error: redis::RedisError| InvalidAddress(error.to_string());
    let info = url.into_connection_info().map_err(invalid)?;
    let mut settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
    if let Some(user) = &options.user {
        settings = settings.set_username(user);
    }
    if let Some(password) = &options.password {
        settings = settings.set_password(password);
    }
    let encrypted = matches!(info.addr(), ConnectionAddr::TcpTls { .. });
    let info = info.set_redis_settings(settings);
    match &options.roots {
        Some(roots) if encrypted => {
            let roots = TlsCertificates { client_tls: None, root_cert: Some(roots.clone()) };
            Client::build_with_tls(info, roots).map_err(invalid)
        }
        _ => Client::open(info).map_err(invalid),
    }
}
