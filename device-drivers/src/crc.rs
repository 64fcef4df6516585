//! CRC-16 by a table that is made while compiling. Both formats that have one send its low byte first.

/// One kind of CRC-16.
#[derive(Debug)]
pub struct Crc16 {
    table: [u16; 256],
    start: u16,
    order: Order,
}

/// Which bit of a byte comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    Low,
    High,
}

impl Crc16 {
    /// The lowest bit of a byte first; `polynomial` is written mirrored.
    #[must_use]
    pub const fn reflected(polynomial: u16, start: u16) -> Self {
        Self { table: table(polynomial, Order::Low), start, order: Order::Low }
    }

    /// The highest bit of a byte first.
    #[must_use]
    pub const fn straight(polynomial: u16, start: u16) -> Self {
        Self { table: table(polynomial, Order::High), start, order: Order::High }
    }

    /// The two check bytes of `bytes`, in the order they are sent.
    #[must_use]
    pub fn check_bytes(&self, bytes: &[u8]) -> [u8; 2] {
        let next = |crc: u16, byte: &u8| {
            let [high, low] = crc.to_be_bytes();
            match self.order {
                Order::Low => (crc >> 8) ^ self.table[usize::from(low ^ byte)],
                Order::High => (crc << 8) ^ self.table[usize::from(high ^ byte)],
            }
        };
        bytes.iter().fold(self.start, next).to_le_bytes()
    }
}

const fn table(polynomial: u16, order: Order) -> [u16; 256] {
    let mut table = [0; 256];
    let mut byte = 0_u16;
    while byte < 256 {
        let mut crc = match order {
            Order::Low => byte,
            Order::High => byte << 8,
        };
        let mut bit = 0;
        while bit < 8 {
            crc = match order {
                Order::Low if crc & 1 == 1 => (crc >> 1) ^ polynomial,
                Order::Low => crc >> 1,
                Order::High if crc >> 15 == 1 => (crc << 1) ^ polynomial,
                Order::High => crc << 1,
            };
            bit += 1;
        }
        table[byte as usize] = crc;
        byte += 1;
    }
    table
}
