//! What devices answer, in tokio-modbus's own types. An input board and an XY-MD02 are written a second time from the
//! documents, so that they can contradict the simulators; for all others the simulator gives the numbers, and only what
//! stands on the wire is somebody else's.

use std::future::{Ready, ready};
use std::sync::{Arc, Mutex, PoisonError};

use tokio_modbus::server::Service;
use tokio_modbus::{ExceptionCode, Request, Response, SlaveRequest};

use crate::modbus::{self, Exception, Reply, Span};
use crate::number::{Address, Channel, Terminal};
use crate::plant::Sensed;
use crate::pty::Shared;
use crate::spec::{DeviceSpec, Model};

/// One served slave. What it senses is the running simulation's.
#[derive(Debug)]
pub(super) struct Slave {
    wired_as: Address,
    model: Model,
    shared: Arc<Shared>,
    corrections: Mutex<[i16; 2]>,
}

impl Slave {
    pub fn new(device: &DeviceSpec, shared: Arc<Shared>) -> Self {
        Self { wired_as: device.address, model: device.model, shared, corrections: Mutex::new([0, 0]) }
    }

    pub fn address(&self) -> u8 {
        self.wired_as.get()
    }

    fn answer(&self, request: &Request<'_>) -> Result<Response, ExceptionCode> {
        match (self.model, request) {
            (Model::Inputs(size), Request::ReadDiscreteInputs(start, count)) => {
                self.inputs(*start, *count, size.get()).map(Response::ReadDiscreteInputs)
            }
            (Model::XyMd02, Request::ReadInputRegisters(start, count)) => {
                registers(&self.measured(), 1, *start, *count).map(Response::ReadInputRegisters)
            }
            (Model::XyMd02, Request::ReadHoldingRegisters(start, count)) => {
                registers(&self.settings(), 0x0101, *start, *count).map(Response::ReadHoldingRegisters)
            }
            (Model::XyMd02, Request::WriteSingleRegister(register, value)) => {
                self.correct(*register, *value)?;
                Ok(Response::WriteSingleRegister(*register, *value))
            }
            (Model::Inputs(_) | Model::XyMd02, _) => Err(ExceptionCode::IllegalFunction),
            _ => self.simulated(request),
        }
    }

    /// The simulator's answer to what the server understood.
    fn simulated(&self, request: &Request<'_>) -> Result<Response, ExceptionCode> {
        let asked = asked(request).ok_or(ExceptionCode::IllegalFunction)?;
        let mut state = self.shared.lock();
        let reply = state.sim.ask(self.wired_as, &asked).ok_or(ExceptionCode::ServerDeviceBusy)?;
        match (reply, request) {
            (Err(exception), _) => Err(match exception {
                Exception::Function => ExceptionCode::IllegalFunction,
                Exception::Address => ExceptionCode::IllegalDataAddress,
                Exception::Value => ExceptionCode::IllegalDataValue,
            }),
            (Ok(Reply::Bits(bits)), Request::ReadCoils(..)) => Ok(Response::ReadCoils(bits)),
            (Ok(Reply::Bits(bits)), _) => Ok(Response::ReadDiscreteInputs(bits)),
            (Ok(Reply::Registers(words)), Request::ReadHoldingRegisters(..)) => {
                Ok(Response::ReadHoldingRegisters(words))
            }
            (Ok(Reply::Registers(words)), _) => Ok(Response::ReadInputRegisters(words)),
            (Ok(Reply::Echo), Request::WriteSingleCoil(coil, on)) => {
                Ok(Response::WriteSingleCoil(*coil, *on))
            }
            (Ok(Reply::Echo), Request::WriteSingleRegister(register, value)) => {
                Ok(Response::WriteSingleRegister(*register, *value))
            }
            (Ok(Reply::Echo), _) => Err(ExceptionCode::IllegalFunction),
        }
    }

    fn inputs(&self, start: u16, count: u16, size: usize) -> Result<Vec<bool>, ExceptionCode> {
        let (start, end) = (usize::from(start), usize::from(start) + usize::from(count));
        if end > size {
            return Err(ExceptionCode::IllegalDataAddress);
        }
        let state = self.shared.lock();
        let level = |index| {
            let channel = Channel::from_index(index)?;
            let input = Terminal { board: self.wired_as, channel };
            Some(state.sim.plant().input_level(state.sim.now(), input))
        };
        Ok((start..end).map(|index| level(index).unwrap_or(false)).collect())
    }

    fn measured(&self) -> [u16; 2] {
        let [temperature, humidity] = *self.corrections.lock().unwrap_or_else(PoisonError::into_inner);
        match self.shared.lock().sim.plant().sensed(self.wired_as) {
            Sensed::Raw(registers) => registers,
            Sensed::Air(air) => [
                air.temperature.saturating_add(temperature).cast_unsigned(),
                air.humidity.saturating_add_signed(humidity),
            ],
        }
    }

    fn settings(&self) -> [u16; 4] {
        let [temperature, humidity] = *self.corrections.lock().unwrap_or_else(PoisonError::into_inner);
        let baud = self.shared.lock().sim.line().baud().get();
        let baud = u16::try_from(baud).unwrap_or(u16::MAX);
        [u16::from(self.wired_as.get()), baud, temperature.cast_unsigned(), humidity.cast_unsigned()]
    }

    /// Only the corrections: address and rate belong to the wire, which is not the server's.
    fn correct(&self, register: u16, value: u16) -> Result<(), ExceptionCode> {
        let index = match register {
            0x0103 => 0,
            0x0104 => 1,
            _ => return Err(ExceptionCode::IllegalDataAddress),
        };
        let tenths = value.cast_signed();
        if !(-100..=100).contains(&tenths) {
            return Err(ExceptionCode::IllegalDataValue);
        }
        self.corrections.lock().unwrap_or_else(PoisonError::into_inner)[index] = tenths;
        Ok(())
    }
}

impl Service for Slave {
    type Request = SlaveRequest<'static>;
    type Response = Response;
    type Exception = ExceptionCode;
    type Future = Ready<Result<Response, ExceptionCode>>;

    fn call(&self, request: Self::Request) -> Self::Future {
        ready(self.answer(&request.request))
    }
}

/// A request as the simulators know it; none for what no driver sends.
fn asked(request: &Request<'_>) -> Option<modbus::Request> {
    let span = |start: u16, count: u16| Span { start, count };
    Some(match *request {
        Request::ReadCoils(start, count) => modbus::Request::ReadCoils(span(start, count)),
        Request::ReadDiscreteInputs(start, count) => modbus::Request::ReadInputs(span(start, count)),
        Request::ReadHoldingRegisters(start, count) => modbus::Request::ReadHolding(span(start, count)),
        Request::ReadInputRegisters(start, count) => modbus::Request::ReadInputRegisters(span(start, count)),
        Request::WriteSingleCoil(coil, on) => {
            modbus::Request::WriteCoil { coil, value: if on { 0xFF00 } else { 0 } }
        }
        Request::WriteSingleRegister(register, value) => modbus::Request::WriteRegister { register, value },
        _ => return None,
    })
}

/// `count` registers from `start`, of a block that begins at `first`.
fn registers(block: &[u16], first: u16, start: u16, count: u16) -> Result<Vec<u16>, ExceptionCode> {
    let offset = usize::from(start.checked_sub(first).ok_or(ExceptionCode::IllegalDataAddress)?);
    let words = block.get(offset..offset + usize::from(count)).ok_or(ExceptionCode::IllegalDataAddress)?;
    Ok(words.to_vec())
}
