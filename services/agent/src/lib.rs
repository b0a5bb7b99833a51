//! The device's side of the fleet, and a simulated fleet of the same code.
