//! Neighbouring points become one read; a read that a device has not all of becomes smaller ones.

use super::{Point, Span};
use crate::frame::modbus_rtu::{Request, Table};

/// One read and the points that stand in its answer.
#[derive(Debug, Clone)]
pub struct PointRead {
    /// The read.
    pub request: Request,
    /// What stands in it.
    pub points: Vec<Point>,
}

/// Bits that cost as much on the wire as a register.
const BITS_A_REGISTER: u32 = 16;

/// The fewest reads of `points` in order of address, none longer than `largest` registers or bits or than its table allows,
/// none with more than `hole` registers (16 times as many bits) in a row that nobody asked for.
pub(super) fn merged(points: &[Point], largest: u16, hole: u16) -> Vec<PointRead> {
    let mut sorted = points.to_vec();
    sorted.sort_by_key(Point::span);
    let mut reads: Vec<Vec<Point>> = Vec::new();
    for point in sorted {
        match reads.last_mut() {
            Some(read) if joins(read, point.span(), largest, hole) => read.push(point),
            _ => reads.push(vec![point]),
        }
    }
    reads.into_iter().filter_map(read).collect()
}

/// Smaller reads of the points of one: cut at every hole, or where there is none in the middle. None where a cut would go
/// through a single point.
#[must_use]
pub fn split(points: &[Point]) -> Vec<PointRead> {
    let at_holes = merged(points, u16::MAX, 0);
    if at_holes.len() > 1 {
        return at_holes;
    }
    let mut starts: Vec<u16> = points.iter().map(|point| point.span().first).collect();
    starts.sort_unstable();
    starts.dedup();
    let Some(middle) = starts.get(starts.len() / 2).filter(|_| starts.len() > 1) else { return Vec::new() };
    let (low, high) = points.iter().cloned().partition::<Vec<Point>, _>(|point| point.span().first < *middle);
    [low, high].into_iter().filter_map(read).collect()
}

fn joins(read: &[Point], next: Span, largest: u16, hole: u16) -> bool {
    let Some(span) = span(read) else { return false };
    let hole = match span.table {
        Table::Coils | Table::DiscreteInputs => u32::from(hole) * BITS_A_REGISTER,
        Table::HoldingRegisters | Table::InputRegisters => u32::from(hole),
    };
    let length = next.end().max(span.end()) - u32::from(span.first);
    span.table == next.table
        && u32::from(next.first) <= span.end() + hole
        && length <= u32::from(largest.min(span.table.most()))
}

/// What all of the points span together.
fn span(points: &[Point]) -> Option<Span> {
    let spans = points.iter().map(Point::span);
    let (first, end) = (spans.clone().min()?, spans.map(Span::end).max()?);
    let count = u16::try_from(end - u32::from(first.first)).ok()?;
    Some(Span { count, ..first })
}

fn read(points: Vec<Point>) -> Option<PointRead> {
    let Span { table, first, count } = span(&points)?;
    Some(PointRead { request: Request::read(table, first, count).ok()?, points })
}
