-- `:checkhealth spark`.

local options = require('spark.options')

local M = {}

--- Say whether tasks can be done in the background.
local function check_tasks(health)
  local set = require('spark.models').set('background')
  if (set.model_provider or 'embedded') == 'embedded' then
    health.info(
      'no model is set to work in the background, so there are no tasks: '
        .. 'name a provider as model_provider under [background] in config.toml'
    )
    return
  end
  health.ok(('tasks are done by %s of %s'):format(set.model or 'its model', set.model_provider))
  health.info('spark-lsp doctor says whether that model can be reached')
  local program = (set.agent_command or '') ~= '' and set.agent_command or 'codex'
  if vim.fn.executable(program) == 1 then
    health.ok('the agent is ' .. vim.fn.exepath(program))
  else
    health.warn(program .. ', which carries out tasks, was not found', {
      'npm install -g @openai/codex',
      'or set agent_command under [background] in config.toml',
    })
  end
end

--- Say what works, what does not, and what to do about it.
function M.check()
  local health = vim.health
  health.start('spark')
  if vim.fn.has('nvim-0.12') == 1 then
    health.ok('Neovim ' .. tostring(vim.version()))
  else
    health.error('Neovim 0.12 or newer is needed', 'update Neovim')
  end
  local command, found = options.command()
  if not command then
    health.error('spark-lsp was not found', 'install it, or set vim.g.spark = { cmd = { … } }')
  else
    local ran, done = pcall(function()
      return vim.system(options.program('--version'), { text = true }):wait(10000)
    end)
    if ran and done.code == 0 then
      health.ok(('spark-lsp %s (%s)'):format(vim.trim(done.stdout), found))
    else
      health.error(command[1] .. ' does not start', 'run it in a terminal and see what it says')
    end
  end
  if not vim.lsp.is_enabled('spark') then
    health.warn('the server is not enabled', "add vim.lsp.enable('spark') to your init.lua")
  end
  local status = require('spark.server').status
  local say = status.kind == 'Error' and health.error or health.info
  say('the server says: ' .. status.message)
  check_tasks(health)
  local switched = require('spark.models').told()
  if #switched > 0 then
    health.info('set with :Spark model, until Neovim ends: ' .. table.concat(switched, ', '))
  end
  health.info('ghost text is drawn by the ' .. options.get().renderer .. ' renderer')
  if vim.fn.hasmapto('<Plug>(spark-accept)', 'i') == 0 and vim.fn.hasmapto('spark', 'i') == 0 then
    health.info('no key accepts yet: see :help spark-tab')
  end
end

return M
