// The error details that Préau sends, as the public google.rpc package has them on the wire. Only what the UI reads.

const STRING = 'TYPE_STRING';
const MESSAGE = 'TYPE_MESSAGE';

const field = (name, number, type, more = {}) => ({ name, number, type, label: 'LABEL_OPTIONAL', ...more });

/** A `google.protobuf.FileDescriptorProto` in JSON. */
export const errorDetails = {
  name: 'google/rpc/error_details.proto',
  package: 'google.rpc',
  syntax: 'proto3',
  dependency: ['google/protobuf/duration.proto'],
  messageType: [
    {
      name: 'ErrorInfo',
      field: [
        field('reason', 1, STRING),
        field('domain', 2, STRING),
        field('metadata', 3, MESSAGE, { label: 'LABEL_REPEATED', typeName: '.google.rpc.ErrorInfo.MetadataEntry' }),
      ],
      nestedType: [
        { name: 'MetadataEntry', field: [field('key', 1, STRING), field('value', 2, STRING)], options: { mapEntry: true } },
      ],
    },
    { name: 'RetryInfo', field: [field('retry_delay', 1, MESSAGE, { typeName: '.google.protobuf.Duration' })] },
    {
      name: 'BadRequest',
      field: [
        field('field_violations', 1, MESSAGE, {
          label: 'LABEL_REPEATED',
          typeName: '.google.rpc.BadRequest.FieldViolation',
        }),
      ],
      nestedType: [{ name: 'FieldViolation', field: [field('field', 1, STRING), field('description', 2, STRING)] }],
    },
  ],
};
