using System.Text;

namespace Orchestrator.Data.Tests.WebDataset;

/// <summary>Archives by hand, wrong ones included.</summary>
internal sealed class TarBytes
{
    private readonly MemoryStream _bytes = new();

    public long Length => _bytes.Length;

    public TarBytes File(string name, string data = "data") => File(Encoding.UTF8.GetBytes(name), Encoding.UTF8.GetBytes(data));

    public TarBytes File(byte[] name, byte[] data, char type = '0')
    {
        Header(name, data.Length, type);
        return Data(data);
    }

    public TarBytes Header(byte[] name, long size, char type = '0')
    {
        var block = new byte[512];
        name.CopyTo(block, 0);
        Encoding.ASCII.GetBytes("0000444\0").CopyTo(block, 100);
        Encoding.ASCII.GetBytes(Convert.ToString(size, 8).PadLeft(11, '0')).CopyTo(block, 124);
        block[156] = (byte)type;
        Encoding.ASCII.GetBytes("ustar\000").CopyTo(block, 257);
        Seal(block);
        _bytes.Write(block);
        return this;
    }

    public TarBytes Header(string name, long size, char type = '0') => Header(Encoding.UTF8.GetBytes(name), size, type);

    public TarBytes Data(byte[] data)
    {
        _bytes.Write(data);
        _bytes.Write(new byte[(512 - (data.Length % 512)) % 512]);
        return this;
    }

    public TarBytes Pax(params (string Key, string Value)[] records)
    {
        var body = new StringBuilder();
        foreach (var (key, value) in records)
        {
            var rest = Encoding.UTF8.GetByteCount($" {key}={value}\n");
            var length = rest + 1;
            while (length != rest + length.ToString().Length)
            {
                length++;
            }

            body.Append(length).Append(' ').Append(key).Append('=').Append(value).Append('\n');
        }

        return File("PaxHeader"u8.ToArray(), Encoding.UTF8.GetBytes(body.ToString()), 'x');
    }

    public TarBytes Raw(byte[] bytes)
    {
        _bytes.Write(bytes);
        return this;
    }

    public byte[] End()
    {
        _bytes.Write(new byte[1024]);
        return _bytes.ToArray();
    }

    public byte[] Open() => _bytes.ToArray();

    /// <summary>Puts a right checksum into a header block.</summary>
    public static void Seal(Span<byte> block)
    {
        block.Slice(148, 8).Fill((byte)' ');
        var sum = 0;
        foreach (var b in block[..512])
        {
            sum += b;
        }

        Encoding.ASCII.GetBytes(Convert.ToString(sum, 8).PadLeft(6, '0') + "\0 ").CopyTo(block[148..]);
    }
}
