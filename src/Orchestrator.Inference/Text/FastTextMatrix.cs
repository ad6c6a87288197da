namespace Orchestrator.Inference.Text;

/// <summary>A matrix of a model file. Sums run in single precision and in the file's order, as fastText's do.</summary>
internal abstract class FastTextMatrix(long rows, int columns)
{
    public long Rows => rows;

    public int Columns => columns;

    /// <summary>Adds row <paramref name="row"/> to <paramref name="sum"/>.</summary>
    public abstract void AddRow(int row, Span<float> sum);

    /// <summary>Dot product of <paramref name="vector"/> and row <paramref name="row"/>.</summary>
    public abstract float Dot(ReadOnlySpan<float> vector, int row);

    /// <summary>Reads a dense or a product-quantised matrix.</summary>
    public static FastTextMatrix Read(FastTextFile file, bool quantised, string field)
    {
        if (!quantised)
        {
            var (m, n) = Shape(file, field);
            return new Dense(m, n, file.Floats(m * n, field));
        }

        var hasNorms = file.Flag($"{field}.qnorm");
        var (rows, columns) = Shape(file, field);
        var codes = file.Bytes(file.Int32($"{field}.codesize"), $"{field}.codes");
        var quantizer = ProductQuantizer.Read(file, columns, $"{field}.pq");
        if (codes.Length != rows * quantizer.Parts)
        {
            throw file.Wrong($"{field}.codesize", $"{rows} rows of {quantizer.Parts} codes", $"{codes.Length}");
        }

        return hasNorms
            ? new Quantised(rows, columns, codes, quantizer, file.Bytes(rows, $"{field}.norms"), ProductQuantizer.Read(file, 1, $"{field}.npq"))
            : new Quantised(rows, columns, codes, quantizer, null, null);
    }

    private static (long Rows, int Columns) Shape(FastTextFile file, string field)
    {
        var (rows, columns) = (file.Int64($"{field}.rows"), file.Int64($"{field}.columns"));
        return rows is > 0 and <= int.MaxValue && columns is > 0 and <= 1 << 16
            ? (rows, (int)columns)
            : throw file.Wrong(field, "1 to 2^31 rows and 1 to 65,536 columns", $"{rows} x {columns}");
    }

    private sealed class Dense(long rows, int columns, float[] values) : FastTextMatrix(rows, columns)
    {
        public override void AddRow(int row, Span<float> sum)
        {
            var from = values.AsSpan(checked((int)((long)row * Columns)), Columns);
            for (var i = 0; i < from.Length; i++)
            {
                sum[i] += from[i];
            }
        }

        public override float Dot(ReadOnlySpan<float> vector, int row)
        {
            var from = values.AsSpan(checked((int)((long)row * Columns)), Columns);
            var sum = 0f;
            for (var i = 0; i < from.Length; i++)
            {
                sum += from[i] * vector[i];
            }

            return sum;
        }
    }

    private sealed class Quantised(long rows, int columns, byte[] codes, ProductQuantizer quantizer, byte[]? norms, ProductQuantizer? normQuantizer)
        : FastTextMatrix(rows, columns)
    {
        public override void AddRow(int row, Span<float> sum)
        {
            var norm = Norm(row);
            for (var part = 0; part < quantizer.Parts; part++)
            {
                var centroid = quantizer.Centroid(part, codes[(row * quantizer.Parts) + part]);
                var into = sum.Slice(part * quantizer.PartLength, centroid.Length);
                for (var i = 0; i < centroid.Length; i++)
                {
                    into[i] += norm * centroid[i];
                }
            }
        }

        public override float Dot(ReadOnlySpan<float> vector, int row)
        {
            var sum = 0f;
            for (var part = 0; part < quantizer.Parts; part++)
            {
                var centroid = quantizer.Centroid(part, codes[(row * quantizer.Parts) + part]);
                var from = vector.Slice(part * quantizer.PartLength, centroid.Length);
                for (var i = 0; i < centroid.Length; i++)
                {
                    sum += from[i] * centroid[i];
                }
            }

            return sum * Norm(row);
        }

        private float Norm(int row) => norms is null ? 1f : normQuantizer!.Centroid(0, norms[row])[0];
    }

    /// <summary>Codebooks of 256 centroids for each part of a vector; the last part may be shorter.</summary>
    private sealed class ProductQuantizer
    {
        private const int Centroids = 256;
        private readonly float[] _centroids;
        private readonly int _lastLength;

        private ProductQuantizer(int parts, int partLength, int lastLength, float[] centroids) =>
            (Parts, PartLength, _lastLength, _centroids) = (parts, partLength, lastLength, centroids);

        public int Parts { get; }

        public int PartLength { get; }

        public static ProductQuantizer Read(FastTextFile file, int dimension, string field)
        {
            var dim = file.Int32($"{field}.dim");
            var parts = file.Int32($"{field}.nsubq");
            var length = file.Int32($"{field}.dsub");
            var last = file.Int32($"{field}.lastdsub");
            if (dim != dimension || parts < 1 || length < 1 || last < 1 || last > length || ((parts - 1L) * length) + last != dim)
            {
                throw file.Wrong(field, $"parts that add up to {dimension}", $"dim {dim}, {parts} parts of {length}, the last of {last}");
            }

            return new ProductQuantizer(parts, length, last, file.Floats((long)dim * Centroids, $"{field}.centroids"));
        }

        public ReadOnlySpan<float> Centroid(int part, byte code) => part == Parts - 1
            ? _centroids.AsSpan((part * Centroids * PartLength) + (code * _lastLength), _lastLength)
            : _centroids.AsSpan(((part * Centroids) + code) * PartLength, PartLength);
    }
}
