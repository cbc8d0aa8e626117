//! Values between our types and those of the driver.

use scylla::cluster::metadata::ColumnType;
use scylla::serialize::SerializationError;
use scylla::serialize::value::SerializeValue;
use scylla::serialize::writers::{CellWriter, WrittenCellProof};
use scylla::value::{CqlValue, Row as CqlRow};

use super::statement::Bind;
use crate::store::cluster::tables::{Column, Row, Table, Value};

impl SerializeValue for Bind {
    fn serialize<'b>(
        &self,
        of: &ColumnType<'_>,
        writer: CellWriter<'b>,
    ) -> Result<WrittenCellProof<'b>, SerializationError> {
        match self {
            Self::Short(value) => value.serialize(of, writer),
            Self::Value(Value::Int(value)) => value.serialize(of, writer),
            Self::Value(Value::Text(value)) => value.serialize(of, writer),
            Self::Value(Value::Bytes(value)) => value.serialize(of, writer),
            Self::Value(Value::Flag(value)) => value.serialize(of, writer),
        }
    }
}

fn value(of: CqlValue) -> Option<Value> {
    Some(match of {
        CqlValue::BigInt(value) => Value::Int(value),
        CqlValue::Text(value) | CqlValue::Ascii(value) => Value::Text(value),
        CqlValue::Blob(value) => Value::Bytes(value),
        CqlValue::Boolean(value) => Value::Flag(value),
        _ => return None,
    })
}

/// Makes a row of these columns, and of the partition key if it is known already.
pub(super) fn row(table: &'static Table, partition: &[Value], of: &[Column], read: CqlRow) -> Row {
    let mut cells: Vec<Option<Value>> = vec![None; table.all_columns().count()];
    for (cell, value) in cells.iter_mut().zip(partition) {
        *cell = Some(value.clone());
    }
    for (column, read) in of.iter().zip(read.columns) {
        let at = table.all_columns().position(|known| known == column);
        if let Some((at, read)) = at.zip(read) {
            cells[at] = value(read);
        }
    }
    Row::new(table, cells)
}
