//! A school's devices from this machine: what `preau fleet` asks the platform.

mod invitation;
mod report;

use std::time::Duration;

use preau_proto::devices::v1::fleet_service_client::FleetServiceClient;
use preau_proto::devices::v1::{
    Action, Command, CreateEnrolmentTokenRequest, Device, GetDeviceRequest, GetDeviceResponse,
    IssueCommandRequest, ListDevicesRequest, RetireDeviceRequest,
};
use tonic::Status;

pub(crate) use invitation::invitation;
pub(crate) use report::{described, table};

use crate::client::{Channel, Gateway, failure, retry};
use crate::failure::{Exit, Failure};

/// The largest page.
const PAGE: u32 = 200;

fn client(gateway: &Gateway) -> FleetServiceClient<Channel> {
    FleetServiceClient::new(gateway.channel.clone())
}

/// A new token with which `count` devices enrol; it is told this once.
pub(crate) async fn token(
    gateway: &Gateway,
    school_id: &str,
    count: u32,
    days: u32,
) -> Result<String, Failure> {
    let request = CreateEnrolmentTokenRequest {
        school_id: school_id.to_owned(),
        max_uses: count,
        lifetime: Some(prost_types::Duration {
            seconds: i64::from(days) * 86_400,
            nanos: 0,
        }),
    };
    // Not repeated: a token whose secret nobody has read would stay behind.
    client(gateway)
        .create_enrolment_token(gateway.request(request))
        .await
        .map(|answer| answer.into_inner().secret)
        .map_err(|status| failure("cannot make an enrolment token", &gateway.url, &status))
}

/// All devices of a school, by name.
pub(crate) async fn devices(
    gateway: &Gateway,
    school_id: &str,
    include_retired: bool,
) -> Result<Vec<Device>, Failure> {
    let (mut found, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = ListDevicesRequest {
            school_id: school_id.to_owned(),
            page_size: PAGE,
            page_token,
            include_retired,
        };
        let page = retry(|| async {
            let request = gateway.request(request.clone());
            client(gateway).list_devices(request).await
        })
        .await
        .map_err(|status| failure("cannot list the devices", &gateway.url, &status))?
        .into_inner();
        found.extend(page.devices);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(found);
        }
    }
}

/// One device with its latest commands.
pub(crate) async fn device(
    gateway: &Gateway,
    device_id: &str,
) -> Result<GetDeviceResponse, Failure> {
    let request = GetDeviceRequest {
        device_id: device_id.to_owned(),
    };
    retry(|| async {
        let request = gateway.request(request.clone());
        client(gateway).get_device(request).await
    })
    .await
    .map(tonic::Response::into_inner)
    .map_err(|status| of_device("cannot show the device", device_id, &status))
}

/// Tells a device to do something; a repeated call is the same command.
pub(crate) async fn issue(
    gateway: &Gateway,
    device_id: &str,
    action: Action,
    time_to_live: Duration,
) -> Result<Command, Failure> {
    let request = IssueCommandRequest {
        device_id: device_id.to_owned(),
        idempotency_key: format!("{:032x}", rand::random::<u128>()),
        action: Some(action),
        time_to_live: Some(prost_types::Duration {
            seconds: time_to_live.as_secs().cast_signed(),
            nanos: 0,
        }),
    };
    let answer = retry(|| async {
        let request = gateway.request(request.clone());
        client(gateway).issue_command(request).await
    })
    .await;
    let empty = || Status::internal("the server answered without a command");
    answer
        .and_then(|answer| answer.into_inner().command.ok_or_else(empty))
        .map_err(|status| of_device("cannot tell the device", device_id, &status))
}

/// Takes a device out of its school.
pub(crate) async fn retire(gateway: &Gateway, device_id: &str) -> Result<(), Failure> {
    let request = RetireDeviceRequest {
        device_id: device_id.to_owned(),
    };
    retry(|| async {
        let request = gateway.request(request.clone());
        client(gateway).retire_device(request).await
    })
    .await
    .map(drop)
    .map_err(|status| of_device("cannot retire the device", device_id, &status))
}

fn of_device(doing: &str, device_id: &str, status: &Status) -> Failure {
    match status.code() {
        tonic::Code::NotFound => {
            let remedy = "check the id with `preau fleet devices`";
            Failure::said(doing, status.message(), device_id, remedy).exit(Exit::NotFound)
        }
        _ => failure(doing, device_id, status),
    }
}
