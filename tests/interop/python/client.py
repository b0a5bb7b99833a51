"""grpcio against the gateway: sign in, upload, read, errors, deadlines.

Usage: client.py BRIEF, with the generated code on PYTHONPATH. Prints one line a
step and `done` at the end; any surprise ends it with a traceback.
"""

import hashlib
import json
import sys
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from preau.files.v1 import files_pb2, files_pb2_grpc
from preau.identity.v1 import directory_pb2, directory_pb2_grpc, session_pb2, session_pb2_grpc

FRAME = 256 * 1024


def expect(condition, what):
    if not condition:
        raise AssertionError(what)


def refused(call, code):
    """The failure of a call that must fail with this code."""
    try:
        call()
    except grpc.RpcError as error:
        expect(error.code() == code, f"{error.code()}, not {code}: {error.details()}")
        return error
    raise AssertionError(f"succeeded instead of {code}")


def detail(error, message):
    """One of google.rpc's details."""
    for packed in rpc_status.from_call(error).details:
        if packed.Unpack(message):
            return message
    raise AssertionError(f"no {type(message).__name__} in {error}")


class Signed:
    """Somebody signed in."""

    def __init__(self, channel, account):
        sessions = session_pb2_grpc.SessionServiceStub(channel)
        answer = sessions.SignIn(session_pb2.SignInRequest(**account), timeout=10)
        self.metadata = [("authorization", f"Bearer {answer.session_token}")]
        self.spaces = files_pb2_grpc.SpaceServiceStub(channel)
        self.files = files_pb2_grpc.FileServiceStub(channel)
        self.uploads = files_pb2_grpc.UploadServiceStub(channel)
        self.directory = directory_pb2_grpc.DirectoryServiceStub(channel)

    def space(self, name):
        answer = self.spaces.ListSpaces(files_pb2.ListSpacesRequest(), metadata=self.metadata)
        return next(space.space_id for space in answer.spaces if space.name == name)

    def read(self, space, node):
        request = files_pb2.ReadRequest(space_id=space, node_id=node)
        frames = [frame.data for frame in self.files.Read(request, metadata=self.metadata)]
        expect(all(len(frame) <= FRAME for frame in frames), "a frame is too long")
        return b"".join(frames)


def sign_in(channel, brief):
    sessions = session_pb2_grpc.SessionServiceStub(channel)
    wrong = session_pb2.SignInRequest(login=brief["teacher"]["login"], password="not this one")
    error = refused(lambda: sessions.SignIn(wrong), grpc.StatusCode.UNAUTHENTICATED)
    info = detail(error, error_details_pb2.ErrorInfo())
    expect(info.domain == "preau" and info.reason, f"{info}")
    teacher = Signed(channel, brief["teacher"])
    me = teacher.directory.GetMe(directory_pb2.GetMeRequest(), metadata=teacher.metadata)
    expect(me.person.login == brief["teacher"]["login"], f"{me}")
    print("signed in")
    return teacher


def upload(teacher, brief, file):
    space = teacher.space(brief["space"])
    request = files_pb2.CreateUploadRequest(space_id=space, name="python.bin", size=len(file))
    plan = teacher.uploads.CreateUpload(request, metadata=teacher.metadata).upload

    def put(index):
        part = file[index * plan.part_size : (index + 1) * plan.part_size]
        digest = hashlib.sha256(part).digest()
        request = files_pb2.PutPartRequest(
            upload_id=plan.upload_id, index=index, sha256=digest, data=part
        )
        teacher.uploads.PutPart(request, metadata=teacher.metadata)

    # Last first, and as many at once as the plan says is worth it.
    with ThreadPoolExecutor(max_workers=max(1, plan.max_parallel)) as pool:
        list(pool.map(put, reversed(range(plan.part_count))))
    request = files_pb2.CommitRequest(upload_id=plan.upload_id)
    node = teacher.uploads.Commit(request, metadata=teacher.metadata).node
    expect(node.content.size == len(file), f"{node}")
    print("uploaded", plan.part_count, "parts")
    return space, node.node_id


def read(channel, brief, space, node, file):
    pupil = Signed(channel, brief["pupil"])
    expect(pupil.read(space, node) == file, "the pupil reads other bytes")
    stranger = Signed(channel, brief["stranger"])
    refused(lambda: stranger.read(space, node), grpc.StatusCode.NOT_FOUND)
    print("read")


def errors(teacher, space):
    request = files_pb2.CreateFolderRequest(space_id=space, name="..")
    call = lambda: teacher.files.CreateFolder(request, metadata=teacher.metadata)
    error = refused(call, grpc.StatusCode.INVALID_ARGUMENT)
    fields = [each.field for each in detail(error, error_details_pb2.BadRequest()).field_violations]
    expect(fields == ["name"], f"{fields}")
    anonymous = lambda: teacher.spaces.ListSpaces(files_pb2.ListSpacesRequest())
    refused(anonymous, grpc.StatusCode.UNAUTHENTICATED)
    print("understood errors")


def deadlines(channel, brief):
    sessions = session_pb2_grpc.SessionServiceStub(channel)
    request = session_pb2.SignInRequest(**brief["teacher"])
    refused(lambda: sessions.SignIn(request, timeout=0.001), grpc.StatusCode.DEADLINE_EXCEEDED)
    # The connection is as good as before.
    sessions.SignIn(request, timeout=10)
    print("kept deadlines")


def health_and_reflection(channel, brief):
    raw = lambda message: message
    check = channel.unary_unary("/grpc.health.v1.Health/Check", raw, raw)
    expect(check(b"", timeout=5) == b"\x08\x01", "the gateway is not SERVING")
    # ServerReflectionRequest { list_services: "" }
    info = channel.stream_stream("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", raw, raw)
    listed = lambda who: b"".join(info(iter([b"\x3a\x00"]), metadata=who.metadata, timeout=5))
    expect(b"preau.files.v1.FileService" in listed(Signed(channel, brief["admin"])), "no service")
    pupil = Signed(channel, brief["pupil"])
    refused(lambda: listed(pupil), grpc.StatusCode.PERMISSION_DENIED)
    print("health for anyone, reflection for administrators")


def main():
    with open(sys.argv[1], encoding="utf-8") as source:
        brief = json.load(source)
    file = hashlib.shake_256(b"python").digest(5 * 1024 * 1024 + 7)
    with grpc.insecure_channel(urlsplit(brief["gateway"]).netloc) as channel:
        teacher = sign_in(channel, brief)
        space, node = upload(teacher, brief, file)
        read(channel, brief, space, node, file)
        errors(teacher, space)
        deadlines(channel, brief)
        health_and_reflection(channel, brief)
    print("done")


main()
