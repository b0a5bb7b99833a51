//! The fleet: enrolment, credentials, commands of devices.
