-- How a task is begun: where an instruction goes, and from which point on work is finished.
--
-- Owns what the person is asked before there is a task. What they have said outright is not asked.

local options = require('spark.options')
local server = require('spark.server')
local tasks = require('spark.tasks')

local M = {}

local HERE, BESIDE = 'edit here', 'in the background'
local SPANS = { { 86400, 'day' }, { 3600, 'hour' }, { 60, 'minute' } }

--- Return what a range of lines is, as a selection.
local function selection(bufnr, client, first, last)
  local line = vim.api.nvim_buf_get_lines(bufnr, last - 1, last, false)[1] or ''
  return {
    uri = vim.uri_from_bufnr(bufnr),
    range = {
      start = { line = first - 1, character = 0 },
      ['end'] = { line = last - 1, character = vim.str_utfindex(line, client.offset_encoding) },
    },
  }
end

--- Return what is asked of the server, and who of them is asked.
local function wish(mode, instruction, first, last)
  local bufnr = vim.api.nvim_get_current_buf()
  local params = { instruction = instruction, mode = mode, commands = options.get().commands }
  local here = server.client(bufnr)
  if here and vim.api.nvim_buf_get_name(bufnr) ~= '' then
    params.documents = { vim.uri_from_bufnr(bufnr) }
    if first and last then
      params.selection = selection(bufnr, here, first, last)
    end
  end
  local client = here or tasks.client()
  tasks.flush(client)
  return params, client
end

local function start(params, client)
  tasks.ask('start', params, function()
    server.say('a task has begun: :Spark tasks')
  end, client)
end

--- Whether an edit by instruction can be made in a buffer.
local function editable(bufnr)
  local options_of = vim.bo[bufnr]
  local named = options_of.buftype == '' and vim.api.nvim_buf_get_name(bufnr) ~= ''
  return named and options_of.modifiable and server.client(bufnr) ~= nil
end

--- Have something done. Where the person has not said outright that it is a task, and it looks as
--- if it belonged in one place, they are asked. Lines count from 1 and are what it is about.
---@param instruction string
---@param first? integer
---@param last? integer
---@param outright? boolean
function M.task(instruction, first, last, outright)
  local bufnr, line = vim.api.nvim_get_current_buf(), vim.fn.line('.')
  local tick = vim.api.nvim_buf_get_changedtick(bufnr)
  local params, client = wish('task', instruction, first, last)
  if outright or not editable(bufnr) then
    start(params, client)
    return
  end
  local asked = { instruction = instruction, selection = params.selection }
  tasks.ask('route', asked, function(route)
    if route.side == 'background' then
      start(params, client)
      return
    end
    local prompt = 'This may be done here at once. ' .. table.concat(route.reasons, ' ')
    vim.ui.select({ HERE, BESIDE }, { prompt = prompt }, function(choice)
      if choice == BESIDE then
        start(params, client)
      elseif choice == HERE and vim.api.nvim_get_current_buf() ~= bufnr then
        server.say('another buffer is current by now: ask again', vim.log.levels.WARN)
      elseif choice == HERE and vim.api.nvim_buf_get_changedtick(bufnr) ~= tick then
        server.say('the text has changed since: ask again', vim.log.levels.WARN)
      elseif choice == HERE then
        require('spark.edit').start((first or line) - 1, (last or line) - 1, instruction)
      end
    end)
  end, client)
end

--- Say how long ago something was.
local function ago(seconds)
  for _, span in ipairs(SPANS) do
    local count = math.floor(seconds / span[1])
    if count > 0 then
      return ('%d %s%s ago'):format(count, span[2], count == 1 and '' or 's')
    end
  end
  return 'just now'
end

--- Have what was begun reviewed and completed.
---@param instruction string
---@param since? string the point from which on; what is not committed if not said
---@param choose? boolean whether the person is asked for it
function M.finish(instruction, since, choose)
  local params, client = wish('finish', instruction)
  params.since = since
  if since or not choose then
    start(params, client)
    return
  end
  tasks.ask('points', vim.empty_dict(), function(found)
    if #found.points == 0 then
      server.say('there is no point to finish from: nothing is committed, and nothing accepted')
      return
    end
    local now = os.time()
    vim.ui.select(found.points, {
      prompt = 'What is to be finished?',
      format_item = function(point)
        local parts = { point.label, ago(now - point.at) }
        if point.detail ~= '' then
          table.insert(parts, 2, point.detail)
        end
        return table.concat(parts, ' · ')
      end,
    }, function(point)
      if point then
        params.since = point.id
        start(params, client)
      end
    end)
  end, client)
end

return M
