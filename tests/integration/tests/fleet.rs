//! Devices of the demonstration school on the running platform: how they come in, what they are told, what they answer,
//! and everything a device must not get away with.

pub(crate) mod school;

use preau_harness::{Device, Failure, Person};
use preau_proto::devices::v1::fleet_service_client::FleetServiceClient;
use preau_proto::devices::v1::{
    Command, CommandState, DeviceState, EnrollRequest, GetDeviceRequest, RetireDeviceRequest,
    SignInRequest,
};
use preau_proto::files::v1::ListSpacesRequest;
use serde_json::json;
use tonic::Code;

use school::Fleet;

#[tokio::test]
async fn a_device_enrols_is_told_and_says_what_became_of_it() -> anyhow::Result<()> {
    let fleet = Fleet::of_the_demonstration_school().await?;
    let mut tablet = fleet.tablet().await?;
    assert_eq!(fleet.state_of(&tablet.device).await?, DeviceState::Offline);

    tablet.watch().await?;
    fleet.until(&tablet.device, DeviceState::Online).await?;
    let lock = fleet.lock(&tablet.device, "exam-1", 3600).await?;
    let again = fleet.lock(&tablet.device, "exam-1", 3600).await?;
    assert_eq!(lock.command_id, again.command_id, "one key, one command");
    let told = tablet.next_command().await?;
    assert_eq!(told.command_id, lock.command_id);

    for state in [
        CommandState::NotNow,
        CommandState::NotNow,
        CommandState::Accepted,
        CommandState::Accepted,
        CommandState::Done,
        CommandState::Done,
    ] {
        tablet.say(&told, state).await?;
    }
    let shown = fleet.shown(&tablet.device).await?;
    assert!(shown.device.unwrap().locked);
    assert_eq!(shown.commands[0].state(), CommandState::Done);
    let back = Failure::of(tablet.say(&told, CommandState::Accepted).await);
    assert_eq!(back.reason, "ACKNOWLEDGEMENT_OUT_OF_ORDER", "{back:?}");

    tablet.disconnect();
    fleet.until(&tablet.device, DeviceState::Offline).await?;
    Ok(())
}

#[tokio::test]
async fn what_was_told_is_not_told_again_and_what_was_not_comes_after_a_restart()
-> anyhow::Result<()> {
    let mut fleet = Fleet::of_the_demonstration_school().await?;
    let mut tablet = fleet.tablet().await?;
    tablet.watch().await?;
    let first = fleet.message(&tablet.device, "un", 3600).await?;
    assert_eq!(tablet.next_command().await?.command_id, first.command_id);
    tablet.disconnect();
    let second = fleet.message(&tablet.device, "deux", 3600).await?;
    fleet.restart().await?;
    tablet.moved(fleet.url()).await?;
    tablet.watch().await?;
    assert_eq!(
        tablet.next_command().await?.command_id,
        second.command_id,
        "from the cursor that it kept"
    );
    // A device that lost everything it kept is told whatever it has not finished.
    tablet.say_done(&second).await?;
    tablet.forget();
    tablet.watch().await?;
    assert_eq!(tablet.next_command().await?.command_id, first.command_id);
    Ok(())
}

#[tokio::test]
async fn a_command_whose_time_has_passed_is_never_told() -> anyhow::Result<()> {
    let fleet = Fleet::of_the_demonstration_school().await?;
    let mut tablet = fleet.tablet().await?;
    let late = fleet.message(&tablet.device, "trop tard", 1).await?;
    fleet.until_command(&late, CommandState::Expired).await?;
    let fresh = fleet.message(&tablet.device, "à temps", 3600).await?;
    tablet.watch().await?;
    assert_eq!(tablet.next_command().await?.command_id, fresh.command_id);
    let refused = Failure::of(tablet.say(&late, CommandState::Accepted).await);
    assert_eq!(refused.reason, "COMMAND_EXPIRED", "{refused:?}");
    Ok(())
}

#[tokio::test]
async fn another_devices_command_does_not_exist() -> anyhow::Result<()> {
    let fleet = Fleet::of_the_demonstration_school().await?;
    let [mut ours, theirs] = [fleet.tablet().await?, fleet.tablet().await?];
    ours.watch().await?;
    let command = fleet.message(&ours.device, "bonjour", 3600).await?;
    let early = Failure::of(theirs.say(&command, CommandState::Done).await);
    assert_eq!(early.code, Code::NotFound, "{early:?}");
    let told = ours.next_command().await?;
    let late = Failure::of(theirs.say(&told, CommandState::Done).await);
    let unknown = Command {
        command_id: "01890000-0000-7000-8000-00000000dead".into(),
        ..Command::default()
    };
    let never = Failure::of(theirs.say(&unknown, CommandState::Done).await);
    assert_eq!(
        (late.code, late.message),
        (never.code, never.message),
        "in the same words as what never was"
    );
    ours.say_done(&told).await?;
    Ok(())
}

#[tokio::test]
async fn tokens_are_good_for_what_they_say_and_no_more() -> anyhow::Result<()> {
    let fleet = Fleet::of_the_demonstration_school().await?;
    let one = fleet.invitation(1).await?;
    let enrolled = Device::enroll(fleet.url(), &one.secret).await??;
    let refusals = [
        (one.secret.clone(), "TOKEN_USED_UP"),
        ("AAAA-BBBB-CCCC".into(), "TOKEN_UNKNOWN"),
        (fleet.revoked().await?.secret, "TOKEN_REVOKED"),
    ];
    for (secret, reason) in refusals {
        let refused = Failure::of(Device::enroll(fleet.url(), &secret).await?.map(|_| ()));
        assert_eq!(refused.reason, reason, "{refused:?}");
        assert!(!refused.message.contains(&secret), "{refused:?}");
    }
    let elsewhere = fleet.another_school().await?;
    let token = fleet.invitation(1).await?;
    let request = EnrollRequest {
        token: token.secret.clone(),
        certificate_request: enrolled.certificate_request()?,
        name: "Tablette".into(),
        school_id: elsewhere,
        ..EnrollRequest::default()
    };
    let refused = Failure::of(fleet.anonymous_agent().await?.enroll(request).await);
    assert_eq!(refused.reason, "TOKEN_OF_ANOTHER_SCHOOL", "{refused:?}");
    // None of it cost the token its use.
    Device::enroll(fleet.url(), &token.secret).await??;
    assert_eq!(fleet.devices().await?.len(), 2);
    Ok(())
}

#[tokio::test]
async fn one_token_for_five_lets_five_of_twenty_in() -> anyhow::Result<()> {
    let fleet = Fleet::of_the_demonstration_school().await?;
    let five = fleet.invitation(5).await?;
    let tries = (0..20).map(|_| Device::enroll(fleet.url(), &five.secret));
    let mut refused = 0;
    for tried in futures::future::join_all(tries).await {
        if let Err(status) = tried? {
            refused += 1;
            assert_eq!(Failure::from(status).reason, "TOKEN_USED_UP");
        }
    }
    assert_eq!((refused, fleet.devices().await?.len()), (15, 5));
    Ok(())
}

#[tokio::test]
async fn forged_and_replayed_assertions_open_nothing() -> anyhow::Result<()> {
    let fleet = Fleet::of_the_demonstration_school().await?;
    let tablet = fleet.tablet().await?;
    let stranger = fleet.tablet().await?;
    let device = &tablet.device;
    let mut agent = fleet.anonymous_agent().await?;

    let good = device.assertion(50)?;
    let sign_in = |assertion: String| SignInRequest { assertion };
    agent.sign_in(sign_in(good.clone())).await?;
    let header = json!({ "alg": "ES256", "kid": device.id });
    let claims = school::claims(device, 0, 50)?;
    let with = |name: &str, value: serde_json::Value| {
        let mut changed = claims.clone();
        changed[name] = value;
        changed
    };
    let unsigned = {
        let whole = device.sign(&json!({ "alg": "none", "kid": device.id }), &claims)?;
        let (text, _) = whole.rsplit_once('.').unwrap();
        format!("{text}.")
    };
    let forged = [
        ("replayed", good),
        ("of another's key", stranger.device.sign(&header, &claims)?),
        (
            "for somebody else",
            device.sign(&header, &with("aud", json!("preau.internal")))?,
        ),
        (
            "of another subject",
            device.sign(&header, &with("sub", json!(stranger.device.id)))?,
        ),
        (
            "without an id",
            device.sign(&header, &with("jti", json!("")))?,
        ),
        (
            "good for an hour",
            device.sign(&header, &school::claims(device, 0, 3600)?)?,
        ),
        (
            "of an unknown device",
            device.sign(
                &json!({ "alg": "ES256", "kid": "01890000-0000-7000-8000-00000000dead" }),
                &claims,
            )?,
        ),
        (
            "by another algorithm",
            device.sign(&json!({ "alg": "HS256", "kid": device.id }), &claims)?,
        ),
        ("unsigned", unsigned),
        ("no statement", "a.b.c".into()),
    ];
    for (what, assertion) in forged {
        let refused = Failure::of(agent.sign_in(sign_in(assertion)).await);
        assert_eq!(
            (refused.code, refused.reason.as_str()),
            (Code::Unauthenticated, "ASSERTION_REFUSED"),
            "{what}: {refused:?}"
        );
    }
    for (what, seconds) in [("of yesterday", -86_400), ("of tomorrow", 86_400)] {
        let late = device.sign(&header, &school::claims(device, seconds, 50)?)?;
        let refused = Failure::of(agent.sign_in(sign_in(late)).await);
        assert_eq!(refused.reason, "ASSERTION_EXPIRED", "{what}: {refused:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_retired_device_is_out_at_once() -> anyhow::Result<()> {
    let fleet = Fleet::of_the_demonstration_school().await?;
    let mut tablet = fleet.tablet().await?;
    tablet.watch().await?;
    fleet.until(&tablet.device, DeviceState::Online).await?;
    let device_id = tablet.device.id.clone();
    let request = RetireDeviceRequest { device_id };
    fleet.administrator().retire_device(request).await?;
    tablet.until_the_watch_ends().await?;
    let assertion = tablet.device.assertion(50)?;
    let mut agent = fleet.anonymous_agent().await?;
    let refused = Failure::of(agent.sign_in(SignInRequest { assertion }).await);
    assert_eq!(refused.code, Code::Unauthenticated, "{refused:?}");
    assert_eq!(fleet.state_of(&tablet.device).await?, DeviceState::Retired);
    Ok(())
}

#[tokio::test]
async fn a_device_is_no_person() -> anyhow::Result<()> {
    let fleet = Fleet::of_the_demonstration_school().await?;
    let tablet = fleet.tablet().await?;
    let caller: &Person = tablet.caller();
    let refused = Failure::of(caller.spaces().list_spaces(ListSpacesRequest {}).await);
    assert_eq!(refused.reason, "ROLE_NOT_ALLOWED", "{refused:?}");
    let device_id = tablet.device.id.clone();
    let mut nosy = FleetServiceClient::new(caller.caller());
    let refused = Failure::of(nosy.get_device(GetDeviceRequest { device_id }).await);
    assert_eq!(refused.reason, "ROLE_NOT_ALLOWED", "{refused:?}");
    Ok(())
}
