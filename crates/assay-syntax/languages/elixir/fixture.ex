defmodule Weather.Station do
  @moduledoc """
  Keeps the readings of a station.
  """
  use GenServer
  import Enum, only: [map: 2]
  alias Weather.{Clock, Store}
  require Logger

  @behaviour Weather.Source
  @limit 60.5
  @type reading :: %{value: float(), at: integer}

  defstruct name: nil, readings: []

  @doc "Starts a station."
  @spec start(String.t(), keyword()) :: {:ok, pid}
  def start(name, opts \\ []) do
    GenServer.start_link(__MODULE__, {name, opts})
  end

  def init({name, _opts}), do: {:ok, %__MODULE__{name: name}}

  def grade(value) when is_number(value) and value > @limit, do: :hot
  def grade(value) when value > 20 or value == 0x1F, do: :mild
  def grade(_), do: :cold

  defp push(state, value) do
    if value == nil or value < -40 do
      raise ArgumentError, "bad #{inspect(value)}"
    else
      unless state.readings == [] do
        Logger.info('pushed')
      end

      %{state | readings: [value | state.readings]}
    end
  end

  def handle_call({:push, value}, _from, state) do
    case push(state, value) do
      %{readings: [first | _]} = next when first > 0 ->
        {:reply, first, next}

      %{readings: []} ->
        {:reply, nil, state}

      _ ->
        throw(:bad_state)
    end
  end

  def label(value) do
    cond do
      value > 30 -> "warm"
      value > 10 && value != 15 -> "mild"
      true -> "cold"
    end
  end

  def load(path) do
    with {:ok, text} <- File.read(path),
         {:ok, data} <- decode(text) do
      for line <- data, line != "", into: %{}, do: {line, String.length(line)}
    else
      {:error, reason} -> {:error, reason}
      _ -> exit(:unknown)
    end
  end

  def guarded(fun) do
    try do
      fun.()
    rescue
      error in [RuntimeError] -> reraise error, __STACKTRACE__
      ArithmeticError -> nil
    catch
      :exit, reason -> {:exit, reason}
    after
      Logger.flush()
    end
  end

  def wait do
    receive do
      {:data, data} -> data
      _other -> nil
    after
      5_000 -> :timeout
    end
  end

  # Prints each line.
  def print(lines) do
    for line <- lines do
      IO.puts(line)
    end
  end

  def shorten(list) do
    short = fn
      [] -> 0
      [_ | rest] -> 1 + length(rest)
    end

    list
    |> Enum.map(&(&1 * 2))
    |> Enum.map(&String.to_integer/1)
    |> Enum.filter(fn x -> rem(x, 2) == 0 and not is_nil(x) end)
    |> short.()
  end

  defmacro twice(block) do
    quote do
      unquote(block)
      if true, do: unquote(block), else: false
    end
  end

  def a <~> b, do: {a, b, list[:key], ?a, ~w(x y)a, ~s"t #{a}", 1..2, 'it\'s'}

  def encode(x), do: {<<x::8, "a">>, :"quoted #{x}", ["key #{x}": 1], &+/2}

  defdelegate size(state), to: Store
  defguard is_warm(value) when value > 20
end

defimpl String.Chars, for: Weather.Station do
  def to_string(station), do: "station #{station.name}"
end

defprotocol Weather.Source do
  def read(source)
end
