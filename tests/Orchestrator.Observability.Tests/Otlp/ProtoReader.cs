using System.Buffers.Binary;
using System.Text;

namespace Orchestrator.Observability.Tests.Otlp;

/// <summary>
/// Fields of one Protocol Buffers message, by number (protobuf.dev/programming-guides/encoding). Knows wire types 0, 1, 2 and 5,
/// which are all that OTLP uses.
/// </summary>
internal sealed class ProtoReader
{
    private readonly List<(int Number, ulong Value, ReadOnlyMemory<byte> Bytes)> _fields = [];

    public ProtoReader(ReadOnlyMemory<byte> message)
    {
        while (!message.IsEmpty)
        {
            var tag = Varint(ref message);
            var (number, type) = ((int)(tag >> 3), (int)(tag & 7));
            switch (type)
            {
                case 0:
                    _fields.Add((number, Varint(ref message), default));
                    break;
                case 1:
                    _fields.Add((number, BinaryPrimitives.ReadUInt64LittleEndian(Take(ref message, 8).Span), default));
                    break;
                case 2:
                    _fields.Add((number, 0, Take(ref message, checked((int)Varint(ref message)))));
                    break;
                case 5:
                    _fields.Add((number, BinaryPrimitives.ReadUInt32LittleEndian(Take(ref message, 4).Span), default));
                    break;
                default:
                    throw new InvalidDataException($"Field {number} has wire type {type}.");
            }
        }
    }

    public bool Has(int number) => _fields.Any(f => f.Number == number);

    public ulong Number(int number) => _fields.LastOrDefault(f => f.Number == number).Value;

    public string Text(int number) => Encoding.UTF8.GetString(_fields.LastOrDefault(f => f.Number == number).Bytes.Span);

    public string Hex(int number) => Convert.ToHexStringLower(_fields.LastOrDefault(f => f.Number == number).Bytes.Span);

    public ProtoReader Message(int number) => new(_fields.LastOrDefault(f => f.Number == number).Bytes);

    public IEnumerable<ProtoReader> Messages(int number) => _fields.Where(f => f.Number == number).Select(f => new ProtoReader(f.Bytes));

    private static ReadOnlyMemory<byte> Take(ref ReadOnlyMemory<byte> message, int length)
    {
        var taken = message[..length];
        message = message[length..];
        return taken;
    }

    private static ulong Varint(ref ReadOnlyMemory<byte> message)
    {
        ulong value = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var next = Take(ref message, 1).Span[0];
            value |= (ulong)(next & 0x7f) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }

        throw new InvalidDataException("A varint has more than ten bytes.");
    }
}
