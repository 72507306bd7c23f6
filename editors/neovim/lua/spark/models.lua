-- Which model works in front and which in the background, as the person switches it in Neovim.
--
-- Owns what has been switched: it lasts as long as Neovim, through every restart of the server, and
-- each switch leaves the others alone. What a value means is left to the server.

local config = require('spark.config')
local options = require('spark.options')
local server = require('spark.server')

local M = {}

local SIDES = { 'foreground', 'background' }
local KINDS = { 'model', 'model_reasoning_effort', 'service_tier', 'model_provider' }
local EFFORTS = { 'none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max' }
local TIERS = { 'default', 'flex', 'priority' }

---@type table<string, table<string, string>> by side and kind
local switched = { foreground = {}, background = {} }

--- Return the settings that the server is told: the person's, and what was switched since.
---@return table
local function settings()
  local found = vim.tbl_deep_extend('force', options.get().settings, switched.foreground)
  if next(switched.background) then
    found.background = vim.tbl_extend('force', found.background or {}, switched.background)
  end
  return next(found) and found or vim.empty_dict()
end

--- Tell a server what holds.
---@param client vim.lsp.Client
local function tell(client)
  client:notify('workspace/didChangeConfiguration', { settings = { spark = settings() } })
end

--- Tell a new server what was switched before it was there.
---@param client vim.lsp.Client
function M.begun(client)
  if next(switched.foreground) or next(switched.background) then
    tell(client)
  end
end

--- Return what is set for a side, wherever that was done.
---@param side 'foreground'|'background'
---@return table<string, string>
function M.set(side)
  local front = side == 'foreground'
  local given = options.get().settings
  given = front and given or given.background or {}
  local written = config.read()[front and '' or 'background']
  return vim.tbl_extend('force', written, given, switched[side])
end

--- Return what was switched, each as it would stand in config.toml.
---@return string[]
function M.told()
  local found = {}
  for _, side in ipairs(SIDES) do
    for _, kind in ipairs(KINDS) do
      local value = switched[side][kind]
      if value then
        found[#found + 1] = ('%s%s = %s'):format(
          side == 'background' and 'background.' or '',
          kind,
          value
        )
      end
    end
  end
  return found
end

local function changed(said)
  for _, client in ipairs(vim.lsp.get_clients({ name = 'spark' })) do
    tell(client)
  end
  server.say(said)
end

local function put(side, kind, value)
  switched[side][kind] = value
  changed(('%s, %s: %s'):format(side, kind, value))
end

--- Take back what was switched: of one kind, of a side, or all of it.
local function forget(side, kind)
  for _, name in ipairs(side and { side } or SIDES) do
    if kind then
      switched[name][kind] = nil
    else
      switched[name] = {}
    end
  end
  local told = table.concat(M.told(), ', ')
  changed(told ~= '' and 'still set: ' .. told or 'the models are again those of the settings')
end

--- Return which side and kind words name, if they do, and what is left of them.
local function parsed(words)
  local rest = vim.list_slice(words)
  local function named(names)
    return vim.list_contains(names, rest[1]) and table.remove(rest, 1) or nil
  end
  local side = named(SIDES)
  local kind = named(KINDS)
  return side, kind, table.concat(rest, ' ')
end

--- Have the person say a value.
local function ask(side, kind)
  if kind == 'model_reasoning_effort' then
    vim.ui.select(EFFORTS, { prompt = ('%s, %s:'):format(side, kind) }, function(choice)
      if choice then
        put(side, kind, choice)
      end
    end)
    return
  end
  local given = { prompt = ('%s, %s: '):format(side, kind), default = M.set(side)[kind] }
  vim.ui.input(given, function(said)
    if said and said ~= '' then
      put(side, kind, said)
    end
  end)
end

--- Switch what words name; what they leave out is asked for. With `back`, take that back.
---@param words string[]
---@param back? boolean
function M.switch(words, back)
  local side, kind, value = parsed(words)
  if back then
    forget(side, kind)
    return
  elseif value ~= '' or kind then
    side, kind = side or 'foreground', kind or 'model'
    if value ~= '' then
      put(side, kind, value)
    else
      ask(side, kind)
    end
    return
  end
  local choices = {}
  for _, one in ipairs(side and { side } or SIDES) do
    local set = M.set(one)
    for _, it in ipairs(KINDS) do
      choices[#choices + 1] = { side = one, kind = it, value = set[it] or 'not set' }
    end
  end
  vim.ui.select(choices, {
    prompt = 'What is to be switched?',
    format_item = function(it)
      return ('%s, %s: %s'):format(it.side, it.kind, it.value)
    end,
  }, function(choice)
    if choice then
      vim.schedule(function()
        ask(choice.side, choice.kind)
      end)
    end
  end)
end

--- Return the values of a kind that are known.
local function values(side, kind)
  if kind == 'model_reasoning_effort' then
    return EFFORTS
  elseif kind == 'service_tier' then
    return TIERS
  elseif kind == 'model' then
    return vim.tbl_values({ M.set('foreground').model, M.set('background').model })
  end
  local names = side == 'background' and { 'openai' } or { 'embedded', 'openai' }
  for section in pairs(config.read()) do
    names[#names + 1] = section:match('^model_providers%.([^.]+)$')
  end
  return vim.list_extend(names, vim.tbl_keys(options.get().settings.model_providers or {}))
end

--- Return the words that can follow others.
---@param words string[]
---@return string[]
function M.choices(words)
  local side, kind, value = parsed(words)
  if value ~= '' then
    return {}
  elseif kind then
    return values(side or 'foreground', kind)
  end
  return vim.list_extend(
    vim.list_extend(side and {} or { unpack(SIDES) }, KINDS),
    values(side, 'model')
  )
end

return M
