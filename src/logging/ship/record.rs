//! Log lines as OTLP log records. Attributes are named by the semantic conventions of OpenTelemetry
//! where these have a name, and begin with `chatctl.` otherwise.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs, SeverityNumber};
use opentelemetry_proto::tonic::resource::v1::Resource;
use prost::Message;
use tracing::Level;

use super::super::line::Line;

/// Name of the service, and of the scope of its records.
const SERVICE: &str = "chatctl";
/// Maximum length of a text, in bytes; the log file has all of it.
const LONGEST: usize = 64 << 10;

/// What all records have in common.
#[derive(Clone, Debug)]
pub(super) struct Origin {
    /// Id of the server.
    pub(super) instance: String,
    /// Host of `public_url`, or of the machine.
    pub(super) address: String,
}

/// Returns a request with these lines, compressed by gzip.
pub(super) fn request(lines: &[Line], origin: &Origin) -> Vec<u8> {
    let version = env!("CARGO_PKG_VERSION").to_owned();
    let resource = Resource {
        attributes: vec![
            text("service.name", SERVICE),
            text("service.version", &version),
            text("service.instance.id", &origin.instance),
        ],
        ..Resource::default()
    };
    let scope = InstrumentationScope { name: SERVICE.to_owned(), version, ..Default::default() };
    let log_records = lines.iter().map(|line| record(line, origin)).collect();
    let scope_logs = vec![ScopeLogs { scope: Some(scope), log_records, ..Default::default() }];
    let resource_logs =
        vec![ResourceLogs { resource: Some(resource), scope_logs, ..Default::default() }];
    let plain = ExportLogsServiceRequest { resource_logs }.encode_to_vec();
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    // Writing to memory does not fail.
    drop(packed.write_all(&plain));
    packed.finish().unwrap_or_default()
}

fn record(line: &Line, origin: &Origin) -> LogRecord {
    let nanos = u64::try_from(line.at.0).unwrap_or(0).saturating_mul(1_000_000);
    LogRecord {
        time_unix_nano: nanos,
        observed_time_unix_nano: nanos,
        severity_number: severity(line.level).into(),
        severity_text: line.level.as_str().to_owned(),
        body: text("", &line.fields.message).value,
        attributes: attributes(line, origin),
        ..LogRecord::default()
    }
}

fn severity(level: Level) -> SeverityNumber {
    match level {
        Level::ERROR => SeverityNumber::Error,
        Level::WARN => SeverityNumber::Warn,
        Level::INFO => SeverityNumber::Info,
        Level::DEBUG => SeverityNumber::Debug,
        Level::TRACE => SeverityNumber::Trace,
    }
}

fn attributes(line: &Line, origin: &Origin) -> Vec<KeyValue> {
    let mut all = vec![
        number("process.pid", std::process::id().into()),
        text("server.address", &origin.address),
    ];
    let fields = &line.fields;
    all.extend(fields.user.iter().map(|user| text("user.name", user)));
    all.extend(fields.room.iter().map(|room| text("chatctl.room", room)));
    all.extend(fields.others.iter().map(|(name, value)| field(name, value)));
    if let Some(stack) = &line.stack {
        all.push(text("exception.message", &fields.message));
        all.push(text("exception.stacktrace", stack));
    }
    all
}

/// A `name=value` pair of a line.
fn field(name: &str, value: &str) -> KeyValue {
    match (name, value.parse::<i64>()) {
        ("ip", _) => text("client.address", value),
        ("error" | "store.error", _) => text("error.message", value),
        ("method", _) => text("http.request.method", value),
        ("route", _) => text("http.route", value),
        ("status", Ok(status)) => number("http.response.status_code", status),
        (_, Ok(integer)) => number(&format!("chatctl.{name}"), integer),
        _ => text(&format!("chatctl.{name}"), value),
    }
}

fn text(key: &str, value: &str) -> KeyValue {
    let end = value.floor_char_boundary(LONGEST);
    let value = AnyValue { value: Some(Value::StringValue(value[..end].to_owned())) };
    KeyValue { key: key.to_owned(), value: Some(value), ..KeyValue::default() }
}

fn number(key: &str, value: i64) -> KeyValue {
    let value = AnyValue { value: Some(Value::IntValue(value)) };
    KeyValue { key: key.to_owned(), value: Some(value), ..KeyValue::default() }
}
